"""FLARE: LoRA in whose bottleneck a text is fused with its translation (Borchert et al. 2025, section 3).

A linear site adds s B f(A t, A x) to its outputs. Here t are its inputs, x are those that the base has there
for the paired text, without any module, and f fuses the two in `rank` dimensions. Piece n is fused with piece
n of the paired text; where that is shorter, zeros stand for it, and what it has beyond the text is left out.
With `cross-attention` every piece reads all pieces of the paired text instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Literal

import torch
from jaxtyping import Bool, Float
from pydantic import Field
from torch import Generator, Tensor, nn

from xling.modules.kind import Kind, PartConfig, grouped
from xling.modules.linear_sites import at_sites
from xling.sites import EncoderShape, LinearState, key_of, name_of

Fusion = Literal["add", "add-relu", "mul", "cross-attention"]
Narrow = Float[Tensor, "rows length rank"]
Other = Float[Tensor, "rows paired rank"]
There = Bool[Tensor, "rows paired"]
_BY_PIECE: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "add": torch.add,
    "add-relu": lambda own, paired: torch.relu(own + paired),
    "mul": torch.mul,
}


class FlareConfig(PartConfig, frozen=True):
    """The settings of FLARE.

    Attributes:
        rank: The number of rows of A.
        alpha: Sets the scale s to alpha / rank.
        fusion: What is made of a text and its paired text: their sum, the positive part of it, their product,
            or the text plus its attention over the paired text.
        sites: The names of the linear sites to whose outputs it adds.
        ahead: The paired text is read this many layers above the text's, and in the last layer at most.
        leave_out: The layers without FLARE; negative numbers count from the top.
    """

    kind: Literal["flare"] = "flare"
    rank: Annotated[int, Field(gt=0, le=4096)] = 8
    alpha: Annotated[float, Field(gt=0)] = 16.0
    fusion: Fusion = "add-relu"
    sites: tuple[str, ...] = ("attention.query", "attention.value")
    ahead: Annotated[int, Field(ge=0, le=1)] = 0
    leave_out: tuple[int, ...] = ()

    @property
    def attends(self) -> bool:
        """Whether it has maps of queries, keys and values."""
        return self.fusion == "cross-attention"

    def numbers(self, shape: EncoderShape) -> int:
        """Return the number of its parameters: r(inputs + outputs) a site, and 3r² more for attention."""
        places = at_sites(self.sites, shape, self.leave_out).values()
        square = 3 * self.rank**2 if self.attends else 0
        return sum(self.rank * (site.inputs + site.stop - site.start) + square for site in places)


class Flare(nn.Module):
    """The factors A (`down`, [rank, inputs]) and B (`up`, [outputs, rank]) by site; B starts at zero.

    layers: The number of the encoder's layers. attention: The maps of queries, keys and values by site,
    [3, rank, rank]; none for a fusion without attention.
    """

    def __init__(
        self,
        config: FlareConfig,
        layers: int,
        *,
        down: Mapping[str, Tensor],
        up: Mapping[str, Tensor],
        attention: Mapping[str, Tensor],
    ) -> None:
        super().__init__()
        for name, own in (("B", up), ("its attention", attention)):
            if own.keys() != down.keys() and (own or name == "B" or config.attends):
                raise ValueError(f"A and {name} stand at different sites: {sorted(own.keys() ^ down.keys())}")
        for key in down:
            if down[key].shape[0] != config.rank or up[key].shape[1] != config.rank:
                raise ValueError(f"A and B at {key} are not of rank {config.rank}")
            if config.attends and attention[key].shape != (3, config.rank, config.rank):
                raise ValueError(f"its attention at {key} is not of rank {config.rank}")
        self.config, self.layers = config, layers
        self.down, self.up, self.attention = map(_parameters, (down, up, attention))

    @classmethod
    def fresh(cls, config: FlareConfig, shape: EncoderShape, generator: Generator) -> Flare:
        """Start with A and attention uniform between -1 / sqrt(inputs) and 1 / sqrt(inputs), and B zero."""
        down, up, attention = {}, {}, {}
        for place, site in at_sites(config.sites, shape, config.leave_out).items():
            key, rank = key_of(place), config.rank
            down[key] = _uniform(generator, rank, site.inputs)
            up[key] = torch.zeros(site.stop - site.start, rank)
            if config.attends:
                attention[key] = _uniform(generator, 3, rank, rank)
        return cls(config, shape.layers, down=down, up=up, attention=attention)

    @classmethod
    def restore(cls, config: FlareConfig, shape: EncoderShape, tensors: Mapping[str, Tensor]) -> Flare:
        """Rebuild the part from its stored tensors."""
        down, up, attention = grouped(tensors, "down", "up", "attention")
        return cls(config, shape.layers, down=down, up=up, attention=attention)

    def linear_sites(self) -> Iterable[str]:
        return map(name_of, self.down)

    def paired_sites(self) -> Iterable[str]:
        return map(self._read_at, self.linear_sites())

    def added(self, place: str, state: LinearState) -> Float[Tensor, "rows length outputs"]:
        paired, key = state.rows.paired, key_of(place)
        assert paired is not None, "a composition reads the paired texts before the texts"
        own = state.inputs @ self.down[key].T
        other = paired.inputs[self._read_at(place)].to(own.dtype) @ self.down[key].T
        there = paired.mask.bool()
        if self.config.attends:
            fused = own + _attended(own, other, there, self.attention[key])
        else:
            fused = _BY_PIECE[self.config.fusion](own, _fitted(other, there, own.shape[1]))
        return self.config.alpha / self.config.rank * (fused @ self.up[key].T)

    def _read_at(self, place: str) -> str:
        """The key of the site at which the paired text is read for a site."""
        layer, _, name = place.partition(".")
        return f"{min(int(layer) + self.config.ahead, self.layers - 1)}.{name}"


def _parameters(values: Mapping[str, Tensor]) -> nn.ParameterDict:
    return nn.ParameterDict({key: nn.Parameter(value) for key, value in values.items()})


def _uniform(generator: Generator, *sizes: int) -> Tensor:
    """Draw values between -1 / sqrt(n) and 1 / sqrt(n), where n is the last size."""
    return (2 * torch.rand(*sizes, generator=generator) - 1) / math.sqrt(sizes[-1])


def _fitted(paired: Other, there: There, length: int) -> Narrow:
    """Return the paired text with as many pieces as the text: cut, or followed by zeros."""
    kept = torch.where(there[..., None], paired, 0.0)[:, :length]
    return nn.functional.pad(kept, (0, 0, 0, length - kept.shape[1]))


def _attended(own: Narrow, paired: Other, there: There, maps: Float[Tensor, "3 rank rank"]) -> Narrow:
    """Return what each piece reads of the paired text by scaled dot products; zeros where there is none."""
    scores = (own @ maps[0].T) @ (paired @ maps[1].T).transpose(1, 2) / math.sqrt(own.shape[-1])
    shares = scores.masked_fill(~there[:, None], -math.inf).softmax(-1)
    values = torch.where(there[..., None], paired @ maps[2].T, 0.0)
    return torch.where(there.any(1)[:, None, None], shares @ values, 0.0)


KIND = Kind(
    "flare",
    FlareConfig,
    Flare.fresh,
    identity=True,
    merges="none",
    presets={"flare": (FlareConfig(),)},
    restore=Flare.restore,
)
