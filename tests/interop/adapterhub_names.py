"""Adapters of the library `adapters` as parts of ours: its settings, its names, its residual rules."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from xling.bases.mlm_head import MLMHead
from xling.modules.bottleneck import BottleneckConfig
from xling.modules.config import Nonlinearity, PartConfig
from xling.modules.invertible import InvertibleConfig
from xling.sites import Place

Tensors = dict[str, Tensor]

_PLACES: Mapping[str, Place] = {"attention.output": "after_attention", "output": "after_ffn"}
_PROJECTIONS = {"adapter_down.0": "down", "adapter_up": "up"}
_COUPLINGS = {"0": "into", "2": "out"}
_NONLINEARITIES: Mapping[str, Nonlinearity] = {
    "swish": "silu",
    "silu": "silu",
    "relu": "relu",
    "gelu": "gelu",
}

_BOTTLENECK = re.compile(
    r"\w+\.encoder\.layer\.(\d+)\.(attention\.output|output)\.adapters\.\w+\."
    r"(adapter_down\.0|adapter_up)\.(weight|bias)"
)
_INVERTIBLE = re.compile(r"\w+\.invertible_adapters\.\w+\.([FG])\.([02])\.(weight|bias)")


def parts_of(settings: Mapping[str, Any], tensors: Tensors, layers: int) -> list[tuple[PartConfig, Tensors]]:
    """Our configuration and tensors for each part of one adapter; `settings` is its `config`.

    One reduction factor per layer becomes one part per factor, each leaving out the other's layers.
    """
    parts: list[tuple[PartConfig, Tensors]] = []
    for factor, own in _layers_by_factor(settings, layers).items():
        config = _bottleneck(settings, factor, absent=set(range(layers)) - own)
        named = {name: value for name, value in _bottleneck_tensors(tensors).items() if _layer(name) in own}
        parts.append((config, named))
    if settings["inv_adapter"]:
        factor = settings["inv_adapter_reduction_factor"]
        config = InvertibleConfig(reduction_factor=factor, nonlinearity=_nonlinearity(settings))
        parts.append((config, _invertible_tensors(tensors)))
    return parts


def mlm_head(tensors: Tensors, *, norm_eps: float) -> MLMHead:
    """The library's masked-LM head: dense, gelu, norm, decoder under the numbers 0, 2 and 3."""
    by_number = {name.split(".", 2)[2]: value for name, value in tensors.items()}
    decoder = by_number["3.weight"]
    hidden = decoder.shape[1]
    transform = nn.Sequential(nn.Linear(hidden, hidden), nn.GELU(), nn.LayerNorm(hidden, eps=norm_eps))
    transform.load_state_dict({name: value for name, value in by_number.items() if name[0] != "3"})
    return MLMHead(transform, decoder, by_number["3.bias"])


def _layers_by_factor(settings: Mapping[str, Any], layers: int) -> dict[float, set[int]]:
    factors = settings["reduction_factor"]
    found: dict[float, set[int]] = defaultdict(set)
    for layer in range(layers):
        if layer not in settings["leave_out"]:
            per_layer = isinstance(factors, Mapping)
            found[factors.get(str(layer), factors.get("default")) if per_layer else factors].add(layer)
    return found


def _bottleneck(settings: Mapping[str, Any], factor: float, absent: set[int]) -> BottleneckConfig:
    reads = "normed" if settings["original_ln_before"] else "sublayer"
    places = {"after_attention": settings["mh_adapter"], "after_ffn": settings["output_adapter"]}
    return BottleneckConfig(
        reduction_factor=factor,
        nonlinearity=_nonlinearity(settings),
        places=tuple(place for place in _PLACES.values() if places[place]),
        reads="residual" if settings["is_parallel"] else reads,
        stacking="adapterhub",
        scaling=settings["scaling"],
        leave_out=tuple(sorted(absent)),
    )


def _nonlinearity(settings: Mapping[str, Any]) -> Nonlinearity:
    return _NONLINEARITIES[settings["non_linearity"]]


def _bottleneck_tensors(tensors: Tensors) -> Tensors:
    named = {}
    for name, value in tensors.items():
        if match := _BOTTLENECK.fullmatch(name):
            layer, place, projection, leaf = match.groups()
            named[f"at.{layer}/{_PLACES[place]}.{_PROJECTIONS[projection]}.{leaf}"] = value
    return named


def _invertible_tensors(tensors: Tensors) -> Tensors:
    named = {}
    for name, value in tensors.items():
        if match := _INVERTIBLE.fullmatch(name):
            coupling, number, leaf = match.groups()
            named[f"{coupling.lower()}.{_COUPLINGS[number]}.{leaf}"] = value
    return named


def _layer(name: str) -> int:
    return int(name.removeprefix("at.").partition("/")[0])
