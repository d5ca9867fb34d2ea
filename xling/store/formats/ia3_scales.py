"""(IA)3 by weights, as PEFT holds it, and by sites, as ours does.

A scale of a weight's outputs is [outputs, 1], one of its inputs [1, inputs].
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from xling.bases.base import Base
from xling.errors import InputError
from xling.modules.ia3 import IA3
from xling.modules.module import Module
from xling.sites import LinearSlice, key_of, site_of
from xling.store.formats.format import FoundPart, Tensors, by_layers, found_part, unknown

Side = tuple[str, str]  # outputs or inputs, and the name of a site


def scale_parts(found: Mapping[str, Tensor], base: Base, *, where: Path) -> list[FoundPart]:
    """Parts of ours, one for each set of layers, from scales by weight name."""
    for weight, scale in found.items():
        _check(weight, scale, base, where)
    scales: dict[tuple[int, Side], Tensor] = {}
    for (layer, name), site in base.shape.linear.items():
        scale = found.get(site.weight)
        if scale is None:
            continue
        if scale.shape[0] == 1:
            scales[layer, ("inputs", name)] = scale.flatten()
        elif not _untouched(scale, site):
            scales[layer, ("outputs", name)] = scale[site.start : site.stop].flatten()
    return [_part(scales, sides, absent, where) for sides, absent in by_layers(scales, base.shape.layers)]


def scales_of(module: Module, base: Base) -> dict[str, Tensor]:
    """The scale of every weight, in the encoder's order; InputError where a weight would need two."""
    found: dict[str, Tensor] = {}
    for network in module.networks:
        if not isinstance(network, IA3):
            continue
        for key, scale in network.outputs.items():
            site = site_of(key, base.shape)
            rows = base.shape.parameters[site.weight].shape[0]
            whole = found.setdefault(site.weight, torch.ones(rows, 1))
            whole[site.start : site.stop] *= scale.detach().cpu()[:, None]
        for key, scale in network.inputs.items():
            site = site_of(key, base.shape)
            if site.weight in found or site.stop - site.start < base.shape.parameters[site.weight].shape[0]:
                raise InputError(
                    f"peft has one scale for a weight, and this module scales the inputs of a part of "
                    f"{site.weight} alone, or its outputs too",
                    where="--format",
                )
            found[site.weight] = scale.detach().cpu()[None, :]
    return {name: found[name] for name in base.shape.parameters if name in found}


def _check(weight: str, scale: Tensor, base: Base, where: Path) -> None:
    if weight not in {site.weight for site in base.shape.linear.values()}:
        raise unknown(weight, base, where=where)
    outputs, inputs = base.shape.parameters[weight].shape
    if tuple(scale.shape) not in ((outputs, 1), (1, inputs)):
        raise InputError(
            f"ia3_l of {weight} is {list(scale.shape)}, and here it must be {[outputs, 1]} or {[1, inputs]}",
            where=where,
            hint="name the base it was made for",
        )


def _untouched(scale: Tensor, site: LinearSlice) -> bool:
    """Whether a fused weight's scale leaves this block of it alone, but not every block."""
    own = scale[site.start : site.stop]
    return len(own) < len(scale) and bool((own == 1).all()) and not bool((scale == 1).all())


def _part(
    scales: Mapping[tuple[int, Side], Tensor], sides: list[Side], absent: list[int], where: Path
) -> FoundPart:
    tensors: Tensors = {
        f"{side}.{key_of(f'{layer}.{name}')}": value
        for (layer, (side, name)), value in scales.items()
        if (side, name) in sides
    }
    options = {side: [name for own, name in sides if own == side] for side in ("outputs", "inputs")}
    return found_part("ia3", {**options, "leave_out": absent}, tensors, where=where)
