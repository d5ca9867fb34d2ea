"""Files of others: bases, and modules of other libraries."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from support.making import LABELS, disturbed, facts
from support.tiny import HIDDEN

from hardness.target import Target, beside
from xling.bases.base import Base, load_base
from xling.modules.module import Module
from xling.store.formats import adapterhub, adapterhub_fusion
from xling.store.formats.format import ImportRequest, parts_of
from xling.store.formats.registry import FORMATS, format_named
from xling.tasks.registry import task_named

_KINDS = {"adapterhub": "houlsby", "peft": "lora", "composable-sft": "lt-sft"}
_WEIGHTS, _PICKLE, _INDEX = "model.safetensors", "pytorch_model.bin", "model.safetensors.index.json"


def of_others(base: Base, folder: Path) -> Mapping[str, Target]:
    """Return the targets by their names.

    base: one in a folder, of the family BERT. folder: an empty one, for what the targets stand on.
    """
    return {**_of_bases(base, folder), **_of_libraries(base, folder), **_of_fusions(base, folder / "fusion")}


def _of_bases(base: Base, folder: Path) -> dict[str, Target]:
    """The files of a base as it is, of one whose weights are pickled, and of one with parts."""
    assert base.folder is not None
    whole = base.folder
    pickled, parted = (shutil.copytree(whole, folder / name) for name in ("pickled", "parted"))
    tensors = load_file(whole / _WEIGHTS)
    torch.save(tensors, pickled / _PICKLE)
    (pickled / _WEIGHTS).unlink()
    (parted / _WEIGHTS).rename(parted / "part.safetensors")
    (parted / _INDEX).write_text(
        json.dumps({"metadata": {}, "weight_map": dict.fromkeys(tensors, "part.safetensors")})
    )
    files = ((whole, "config.json"), (whole, "tokenizer.json"), (whole, "tokenizer_config.json"),
             (whole, _WEIGHTS), (pickled, _PICKLE), (parted, _INDEX))  # fmt: skip
    return {f"{file} of a base": beside(place, file, load_base) for place, file in files}


def _of_libraries(base: Base, folder: Path) -> dict[str, Target]:
    """Every file of a module of every library, as we write them."""
    found = {}
    head = task_named("tagging").head(LABELS, base)
    about = facts(base, task="tagging", labels=LABELS, source="eng")
    for format in FORMATS:
        parts = disturbed(base, _KINDS[format], std=0.1, seed=1).parts
        module = Module.fresh([*(part.config for part in parts), head], base.shape, about)
        place = folder / format
        place.mkdir()
        for name, data in format_named(format).write(module, base, "ner").items():
            (place / name).write_bytes(data)
            read = partial(_imported, format, ImportRequest(base, "tagging", LABELS))
            found[f"{name} of {format}"] = beside(place, name, read)
    return found


def _of_fusions(base: Base, folder: Path) -> dict[str, Target]:
    """The settings and weights of a fusion of two adapters."""
    folder.mkdir()
    (hosts,) = {adapterhub.hosts_of(base)["after_ffn"]}
    shapes = {"query.weight": (HIDDEN, HIDDEN), "query.bias": (HIDDEN,), "key.weight": (HIDDEN, HIDDEN),
              "key.bias": (HIDDEN,), "value.weight": (HIDDEN, HIDDEN)}  # fmt: skip
    tensors = {
        f"{base.family.layers}.{layer}.{hosts}.adapter_fusion_layer.a,b.{leaf}": torch.full(shape, 0.1)
        for layer in range(base.shape.layers)
        for leaf, shape in shapes.items()
    }
    settings = {"key": True, "query": True, "value": True, "regularization": True, "temperature": False}
    (folder / adapterhub_fusion.CONFIG).write_text(json.dumps({"name": "a,b", "config": settings}))
    save_file(tensors, folder / adapterhub_fusion.WEIGHTS[0])
    read = partial(_imported, "adapterhub", ImportRequest(base))
    names = (adapterhub_fusion.CONFIG, adapterhub_fusion.WEIGHTS[0])
    return {f"{name} of adapterhub": beside(folder, name, read) for name in names}


def _imported(format: str, request: ImportRequest, folder: Path) -> None:
    found = format_named(format).read(folder, request)
    parts_of(found, request.base, where=folder)
