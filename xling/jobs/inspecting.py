"""Inspect the modules of a store, the installed versions and the folders in use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from xling.bases.base import load_base
from xling.bases.precision import fast_bfloat16
from xling.bases.tokenizers import read_tokenizer_json
from xling.composition.composed import check_fits
from xling.errors import InputError
from xling.files import cache_dir
from xling.machine import versions
from xling.modules.module import WEIGHTS
from xling.modules.vocabulary import Vocabulary
from xling.store.store import Store, content_fingerprint


def module_rows(root: Path) -> list[dict[str, Any]]:
    """Return one row per module of a store, with its fault (`fault`) for each one that cannot be read.

    Raises InputError when the store holds no module.
    """
    store = Store(root)
    names = store.names()
    if not names:
        missing = "holds no module" if root.is_dir() else "no such folder"
        raise InputError(missing, where=root, hint="name a store with --store, or fill one with xling train")
    rows = [_module_row(store, name) for name in names]
    columns = sorted(dict.fromkeys(key for row in rows for key in row), key="fault".__eq__)  # it comes last
    return [{key: row.get(key) for key in columns} for row in rows]


def _module_row(store: Store, name: str) -> dict[str, Any]:
    try:
        module = store.get(name)
    except InputError as error:
        return {"name": name, "fault": str(error)}
    return {
        "name": name,
        "parts": " + ".join(part.config.kind for part in module.parts),
        "for": module.facts.language or f"{module.facts.task} ({module.facts.source})",
        "base": module.facts.base or "every base",
        "steps": module.facts.steps,
        "licence": module.facts.licence or "",
    }


def module_facts(root: Path, name: str) -> dict[str, Any]:
    """Return the facts, the content fingerprint and the scores of one module."""
    store = Store(root)
    module = store.get(name)
    return {
        **module.described(),
        "content": content_fingerprint(store.folder(name)),
        "scores": dict(module.scores),
    }


def verify_module(root: Path, name: str, base: str | None) -> dict[str, Any]:
    """Read all tensors of a module, and compare its fingerprints with those of a base if one is given.

    Raises InputError for a damaged module or a file beside it that differs from it, and MismatchError when it
    does not fit the base.
    """
    store = Store(root)
    module = store.get(name)
    if base is not None:
        check_fits(module, load_base(base))
    held = base or "no base (give --base)"
    folder = store.folder(name)
    for file, content in module.files().items():
        if (folder / file).is_file() and (folder / file).read_bytes() != content:
            raise InputError(
                f"differs from the module in {WEIGHTS}, which is what is used",
                where=folder / file,
                hint="if you changed it, make a module of it: xling train language --kind lexicon "
                f"--lexicon {folder / file}",
            )
    for part in module.parts:
        if isinstance(part.network, Vocabulary):
            read_tokenizer_json(part.network.tokenizer_json(), where=folder / WEIGHTS)
    tensors = module.tensors()
    return {"module": name, "tensors": len(tensors), "held against": held, "state": "ok"}


def information() -> dict[str, Any]:
    """Return installed versions, the cache folder, devices, threads and the offline setting."""
    gpus = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return {
        **versions(),
        "cache": str(cache_dir()),
        "devices": ", ".join(["cpu", *gpus]),
        "threads": torch.get_num_threads(),
        "bfloat16 is fast": fast_bfloat16("cpu"),
        "offline": bool(os.environ.get("HF_HUB_OFFLINE")),
        "data root": os.environ.get("XLING_DATA", "not set"),
    }
