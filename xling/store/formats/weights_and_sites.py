"""Converting LoRA and (IA)3 between the whole weights of other libraries and the sites of our parts.

If a family fuses projections into one weight, the factors of the whole weight are split by row blocks. The
other way, blocks with different factors are put side by side in factors of a higher rank. A scale of a
weight's outputs is [outputs, 1], a scale of its inputs [1, inputs].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from xling.bases.base import Base
from xling.errors import InputError
from xling.modules.ia3 import IA3
from xling.modules.linear_sites import site_of
from xling.modules.lora import Lora
from xling.modules.module import Module
from xling.sites import LinearSlice, key_of
from xling.store.formats.format import FoundPart, Tensors, by_layers, check_shapes, found_part, unknown

Place = tuple[int, str]  # a layer, and the name of a site
Side = tuple[str, str]  # `outputs` or `inputs`, and the name of a site


@dataclass(frozen=True, kw_only=True)
class Factors:
    """The LoRA factors of one whole weight: A (`down`, [rank, inputs]) and B (`up`, [outputs, rank]).

    The change is B A alpha / rank, or B A alpha / sqrt(rank) if `stabilised`.
    """

    down: Tensor
    up: Tensor
    alpha: float
    stabilised: bool = False

    @property
    def rank(self) -> int:
        """The number of rows of A."""
        return len(self.down)


def lora_parts(found: Mapping[str, Factors], base: Base, *, where: Path) -> list[FoundPart]:
    """Return LoRA parts made from factors by weight name, one for each scaling and set of layers.

    Raises InputError when the factors do not fit the base.
    """
    for weight, own in found.items():
        _check_factors(weight, own, base, where)
    groups: dict[tuple[int, float, bool], dict[Place, Factors]] = {}
    for place, site in base.shape.linear.items():
        own = found.get(site.weight)
        if own is None or _untouched(own.up, site):
            continue
        block = _block(own, site)
        groups.setdefault((block.rank, block.alpha, block.stabilised), {})[place] = block
    return [part for group in groups.values() for part in _lora_parts(group, base, where)]


def factors_of(module: Module, base: Base) -> dict[str, Factors]:
    """Return the factors of every weight that the module's LoRA parts change, in the encoder's order."""
    blocks: dict[str, list[tuple[LinearSlice, Tensor, Tensor, Lora]]] = {}
    for network in module.networks:
        if isinstance(network, Lora):
            for key, down in network.down.items():
                site = site_of(key, base.shape)
                block = site, down.detach().cpu(), network.up[key].detach().cpu(), network
                blocks.setdefault(site.weight, []).append(block)
    return {
        name: _joined(blocks[name], base.shape.parameters[name].shape[0])
        for name in base.shape.parameters
        if name in blocks
    }


def _check_factors(weight: str, own: Factors, base: Base, where: Path) -> None:
    if weight not in {site.weight for site in base.shape.linear.values()}:
        raise unknown(weight, base, where=where)
    outputs, inputs = base.shape.parameters[weight].shape
    rank = own.down.shape[0] if own.down.ndim else 0
    wanted = {f"A of {weight}": (rank, inputs), f"B of {weight}": (outputs, rank)}
    check_shapes({f"A of {weight}": own.down, f"B of {weight}": own.up}, wanted, where=where)


def _untouched(up: Tensor, site: LinearSlice) -> bool:
    """Return whether the factors of a fused weight leave this block of it unchanged."""
    return site.stop - site.start < len(up) and bool(up.any()) and not bool(up[site.start : site.stop].any())


def _block(own: Factors, site: LinearSlice) -> Factors:
    """Return the factors of some rows; for a fused weight, without the ranks that only other rows use."""
    up = own.up[site.start : site.stop]
    kept = up.any(0)
    if len(up) == len(own.up) or not kept.any() or kept.all():
        return Factors(down=own.down, up=up.contiguous(), alpha=own.alpha, stabilised=own.stabilised)
    share = int(kept.sum()) / own.rank
    alpha = own.alpha * (share**0.5 if own.stabilised else share)
    return Factors(down=own.down[kept], up=up[:, kept].contiguous(), alpha=alpha, stabilised=own.stabilised)


def _lora_parts(group: Mapping[Place, Factors], base: Base, where: Path) -> Iterable[FoundPart]:
    """Yield a part for each set of layers of factors that have the same rank and scaling."""
    first = next(iter(group.values()))
    shared = {"rank": first.rank, "alpha": first.alpha, "rank_stabilised": first.stabilised}
    for names, absent in by_layers(group, base.shape.layers):
        tensors: Tensors = {
            f"{side}.{key_of(f'{layer}.{name}')}": value
            for (layer, name), own in group.items()
            if name in names
            for side, value in (("down", own.down), ("up", own.up))
        }
        yield found_part("lora", {**shared, "sites": names, "leave_out": absent}, tensors, where=where)


def _joined(blocks: list[tuple[LinearSlice, Tensor, Tensor, Lora]], rows: int) -> Factors:
    """Return one pair of factors that makes the changes of all blocks."""
    first, config = blocks[0], blocks[0][3].config
    alike = all(torch.equal(down, first[1]) for _, down, _, _ in blocks)
    if alike and len({lora.config.scale for *_, lora in blocks}) == 1:
        up = sum(_padded(site, own, rows) for site, _, own, _ in blocks)
        assert isinstance(up, Tensor)
        return Factors(down=first[1], up=up, alpha=config.alpha, stabilised=config.rank_stabilised)
    down = torch.cat([down for _, down, _, _ in blocks])
    scaled = [_padded(site, own, rows) * (lora.config.scale / config.scale) for site, _, own, lora in blocks]
    return Factors(down=down, up=torch.cat(scaled, 1), alpha=config.scale * len(down))


def _padded(site: LinearSlice, up: Tensor, rows: int) -> Tensor:
    return nn.functional.pad(up, (0, 0, site.start, rows - site.stop))


def scale_parts(found: Mapping[str, Tensor], base: Base, *, where: Path) -> list[FoundPart]:
    """Return (IA)3 parts made from scales by weight name, one for each set of layers.

    Raises InputError when the scales do not fit the base.
    """
    for weight, scale in found.items():
        _check_scale(weight, scale, base, where)
    scales: dict[tuple[int, Side], Tensor] = {}
    for (layer, name), site in base.shape.linear.items():
        scale = found.get(site.weight)
        if scale is None:
            continue
        if scale.shape[0] == 1:
            scales[layer, ("inputs", name)] = scale.flatten()
        elif not _unscaled(scale, site):
            scales[layer, ("outputs", name)] = scale[site.start : site.stop].flatten()
    return [
        _scale_part(scales, sides, absent, where) for sides, absent in by_layers(scales, base.shape.layers)
    ]


def scales_of(module: Module, base: Base) -> dict[str, Tensor]:
    """Return the scale of every weight, in the encoder's order.

    Raises InputError when a weight would need two scales.
    """
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


def _check_scale(weight: str, scale: Tensor, base: Base, where: Path) -> None:
    if weight not in {site.weight for site in base.shape.linear.values()}:
        raise unknown(weight, base, where=where)
    outputs, inputs = base.shape.parameters[weight].shape
    if tuple(scale.shape) not in ((outputs, 1), (1, inputs)):
        raise InputError(
            f"ia3_l of {weight} is {list(scale.shape)}, and here it must be {[outputs, 1]} or {[1, inputs]}",
            where=where,
            hint="name the base it was made for",
        )


def _unscaled(scale: Tensor, site: LinearSlice) -> bool:
    """Return whether the scale of a fused weight leaves this block of it unchanged, but not every block."""
    own = scale[site.start : site.stop]
    return len(own) < len(scale) and bool((own == 1).all()) and not bool((scale == 1).all())


def _scale_part(
    scales: Mapping[tuple[int, Side], Tensor], sides: list[Side], absent: list[int], where: Path
) -> FoundPart:
    tensors: Tensors = {
        f"{side}.{key_of(f'{layer}.{name}')}": value
        for (layer, (side, name)), value in scales.items()
        if (side, name) in sides
    }
    options = {side: [name for own, name in sides if own == side] for side in ("outputs", "inputs")}
    return found_part("ia3", {**options, "leave_out": absent}, tensors, where=where)
