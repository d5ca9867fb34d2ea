"""Fusions of the library `adapters`: learned attention over several of its adapters (AdapterFusion)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xling.errors import InputError
from xling.modules.fusion import FusionConfig
from xling.sites import PLACES, Place
from xling.store.formats.format import FoundPart, ImportRequest, Tensors, bare, found_part, refuse_options
from xling.store.formats.safe_reading import first_of, read_json, read_tensors

CONFIG = "adapter_fusion_config.json"
WEIGHTS = ("model_adapter_fusion.safetensors", "pytorch_model_adapter_fusion.bin")
_NEUTRAL = {"key": (True,), "query": (True,)}
_FREE = (
    "value",
    "query_before_ln",
    "regularization",
    "value_before_softmax",
    "value_initialized",
    "dropout_prob",
)
_LEAVES = {"query.weight": "query.weight", "query.bias": "query.bias", "key.weight": "key.weight",
           "key.bias": "key.bias", "value.weight": "value"}  # fmt: skip


def read_fusion(
    folder: Path, request: ImportRequest, hosts: Mapping[Place, str]
) -> tuple[FoundPart, tuple[Path, ...]]:
    """Return the part that combines adapters, in the order in which the file names them, and the files.

    hosts: the modules of a layer that hold adapters, by place.

    Raises InputError for a setting or a tensor that we cannot represent.
    """
    path, weights = folder / CONFIG, first_of(folder, WEIGHTS)
    if weights is None:
        raise InputError(f"beside it is none of {', '.join(WEIGHTS)}", where=path)
    facts = read_json(path)
    settings = facts.get("config")
    if not isinstance(settings, Mapping):
        raise InputError("config is no mapping of settings", where=path)
    refuse_options(settings, _NEUTRAL, _FREE, where=path)
    name, value = _name(facts, path), bool(settings.get("value"))
    base = request.base
    stored = {bare(own, base): tensor for own, tensor in read_tensors(weights).items()}
    tensors: Tensors = {}
    used: dict[Place, set[int]] = {}
    for layer in range(base.shape.layers):
        for place in PLACES:
            path_of = f"{base.family.layers}.{layer}.{hosts[place]}.adapter_fusion_layer.{name}."
            own = {
                ours: stored.pop(path_of + leaf) for leaf, ours in _LEAVES.items() if path_of + leaf in stored
            }
            tensors |= {f"at.{layer}/{place}.{ours}": tensor for ours, tensor in own.items()}
            if own:
                used.setdefault(place, set()).add(layer)
    if stored:
        raise InputError(f"xling has no equal for the tensor {min(stored)}", where=weights)
    if len({frozenset(layers) for layers in used.values()}) != 1:
        raise InputError("it has not the same layers in all places", where=weights)
    options = {
        "branches": len(name.split(",")),
        "places": [place for place in PLACES if place in used],
        "leave_out": sorted(set(range(base.shape.layers)) - next(iter(used.values()))),
        "reads": "sublayer" if settings.get("query_before_ln") else "normed",
        "value": value,
        "l2": FusionConfig().l2 if settings.get("regularization") else 0.0,
    }
    return found_part("fusion", options, tensors, where=path), (path, weights)


def _name(facts: Mapping[str, Any], path: Path) -> str:
    """Return the names of the adapters, joined as in the names of the tensors."""
    name = facts.get("name")
    if not isinstance(name, str) or not all(name.split(",")):
        raise InputError(f"name = {name!r} are no names of adapters, joined by commas", where=path)
    return name
