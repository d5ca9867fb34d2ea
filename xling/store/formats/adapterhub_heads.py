"""Heads of the library `adapters`: its own flexible heads, and those of transformers' classes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import zeros

from xling.bases.plain import checkpoint_pooler
from xling.errors import InputError
from xling.modules.head import Head
from xling.modules.module import Module
from xling.store.formats.adapterhub_settings import NONLINEARITY_NAMES, nonlinearity
from xling.store.formats.format import (
    FoundPart,
    ImportRequest,
    Tensors,
    as_json,
    as_weights,
    found_part,
    refuse_options,
)
from xling.store.formats.heads import read_head, settled, wants_head
from xling.store.formats.safe_reading import ModuleFiles, first_of, read_json, read_tensors

CONFIG, WEIGHTS = "head_config.json", "model_head.safetensors"
_TYPES = {"tagging": "tagging", "pos": "tagging", "classification": "classification"}  # ours to theirs
_CLASSES = {"tagging": "ForTokenClassification", "classification": "ForSequenceClassification"}
_POOLING = {"tagging": "none", "classification": "first"}
_FREE = (
    *("head_type", "layers", "activation_function", "num_labels", "label2id", "dropout_prob"),
    *("use_pooler", "bias"),
)


def read_head_files(
    folder: Path, request: ImportRequest
) -> tuple[list[FoundPart], tuple[str, ...], tuple[Path, ...]]:
    """Return the head part of a task module, its labels, and the files that were read.

    All are empty if the folder has no head and none is needed.
    """
    path, weights = folder / CONFIG, first_of(folder, [WEIGHTS, "pytorch_model_head.bin"])
    if weights is None or not path.is_file():
        wants_head([], request, where=folder)
        return [], (), ()
    facts = read_json(path)
    settings = facts.get("config")
    title = settings.get("head_type") if isinstance(settings, Mapping) else facts.get("model_class")
    if not wants_head([f"{title}"], request, where=path):
        return [], (), ()
    tensors = read_tensors(weights)
    if isinstance(settings, Mapping):
        head, labels = _flexible(facts, settings, tensors, request, ModuleFiles(path, weights))
    elif not str(title).endswith(_CLASSES.get(_TYPES.get(str(request.task), ""), ())):
        raise InputError(f"its head is of a {title}, and --task says {request.task}", where=path)
    else:
        head, labels = read_head(tensors, request, said=_labels(facts, path), where=weights)
    return head, labels, (path, weights)


def write_head_files(module: Module, about: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files of a flexible head with the adapter's name, or no files if the module has no head.

    about: the facts that the adapter's own settings file holds too.

    Raises InputError when the format cannot represent the head.
    """
    part = module.part("head")
    if part is None:
        return {}
    assert isinstance(part.network, Head)
    config, labels = part.network.config, module.facts.labels
    kind = next((name for name, pooling in _POOLING.items() if pooling == config.pooling), None)
    if kind is None or config.norm:
        what = "a norm" if config.norm else f"pooling {config.pooling!r}"
        raise InputError(f"the format adapterhub has no equal for a head with {what}", where="--format")
    settings = {
        "head_type": kind,
        "num_labels": config.outputs,
        "layers": 2 if config.dense else 1,
        "activation_function": NONLINEARITY_NAMES[config.dense] if config.dense else "tanh",
        "label2id": {label: number for number, label in enumerate(labels)},
        "dropout_prob": config.dropout,
    }
    if kind == "classification":
        settings |= {"use_pooler": False, "bias": True}
    values = part.network.state_dict()
    names = _names(settings["layers"], str(about["name"]))
    tensors = as_weights({theirs: values[own] for own, theirs in names.items()})
    return {CONFIG: as_json({**about, "config": settings}), WEIGHTS: tensors}


def _flexible(
    facts: Mapping[str, Any],
    settings: Mapping[str, Any],
    tensors: Tensors,
    request: ImportRequest,
    files: ModuleFiles,
) -> tuple[list[FoundPart], tuple[str, ...]]:
    path, weights = files.settings, files.weights
    kind = _TYPES.get(str(request.task))
    if kind is None or settings.get("head_type") != kind:
        raise InputError(
            f"its head_type is {settings.get('head_type')!r}, and --task says {request.task}", where=path
        )
    refuse_options(settings, {}, _FREE, where=path)
    layers, pooled = settings.get("layers", 1), bool(settings.get("use_pooler"))
    if layers not in (1, 2) or (layers == 2 and (pooled or not settings.get("activation_function"))):
        raise InputError(
            f"xling has no equal for a head of {layers} layers with activation_function = "
            f"{settings.get('activation_function')!r} and use_pooler = {pooled}",
            where=path,
        )
    names = _names(layers, str(facts.get("name")))
    if settings.get("bias") is False and names["scores.bias"] not in tensors:
        tensors = {**tensors, names["scores.bias"]: zeros(len(tensors.get(names["scores.weight"], ())))}
    if tensors.keys() != set(names.values()):
        odd = min(tensors.keys() ^ set(names.values()))
        raise InputError(f"its settings and its tensors disagree about {odd}", where=weights)
    own = {ours: tensors[theirs] for ours, theirs in names.items()}
    options: dict[str, Any] = {"outputs": len(own["scores.weight"]), "pooling": _POOLING[kind]}
    if layers == 2:
        options["dense"] = nonlinearity(settings["activation_function"], where=path)
    if pooled:
        own |= _pooler(request, path)
        options["dense"] = "tanh"
    if settings.get("dropout_prob") is not None:
        options["dropout"] = settings["dropout_prob"]
    labels = settled(request, _labels(settings, path), options["outputs"])
    return [found_part("head", options, own, where=path)], labels


def _names(layers: int, name: str) -> dict[str, str]:
    """Return our tensor names to theirs, which number the dropouts, linear maps and activations of a head."""
    numbers = {"scores": 1} if layers == 1 else {"dense": 1, "scores": 4}
    return {
        f"{own}.{leaf}": f"heads.{name}.{number}.{leaf}"
        for own, number in numbers.items()
        for leaf in ("weight", "bias")
    }


def _pooler(request: ImportRequest, path: Path) -> Tensors:
    """Return the pooler of the base, which the head uses but the files do not contain."""
    values = checkpoint_pooler(request.base)
    if not values:
        raise InputError(f"it reads the pooler of its base, and {request.base.id} has none", where=path)
    return {f"dense.{leaf}": values[f"pooler.dense.{leaf}"] for leaf in ("weight", "bias")}


def _labels(settings: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    """Return the labels in the order of the outputs, or nothing if the file does not name them."""
    numbers = settings.get("label2id")
    if not isinstance(numbers, Mapping):
        return ()
    if sorted(map(str, numbers.values())) != sorted(map(str, range(len(numbers)))):
        raise InputError("label2id does not number its labels from 0", where=path)
    return tuple(sorted(numbers, key=lambda label: int(numbers[label])))
