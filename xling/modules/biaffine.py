"""Deep biaffine attention for dependency parsing: scores of every pair of pieces and every relation.

Source: Dozat and Manning 2017, Deep Biaffine Attention for Neural Dependency Parsing, eq. 2-9.
"""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Generator, Tensor, nn

from xling.modules.head import Mapped, check_pools
from xling.modules.kind import NONLINEARITIES, Kind, Nonlinearity, PartConfig, linear
from xling.sites import EncoderShape

Size = Annotated[int, Field(gt=0, le=4096)]
Vectors = Float[Tensor, "rows length size"]


class BiaffineConfig(PartConfig, frozen=True):
    """The settings of a biaffine head.

    Attributes:
        relations: The number of relation labels.
        arc_size: The width of the layers that arcs are scored from.
        relation_size: The width of the layers that relations are scored from.
        nonlinearity: The activation after these layers.
        dropout: The dropout on the states and after these layers.
        std: The standard deviation of the initial weights.
    """

    kind: Literal["biaffine"] = "biaffine"
    relations: Size
    arc_size: Size = 256
    relation_size: Size = 64
    nonlinearity: Nonlinearity = "relu"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.33
    std: Annotated[float, Field(ge=0)] = 0.02


class Biaffine(nn.Module):
    """Four linear layers (a piece as head or dependent, for arcs or relations) and two bilinear maps."""

    def __init__(self, config: BiaffineConfig, shape: EncoderShape, generator: Generator) -> None:
        super().__init__()
        self.config = config
        sizes = {"arc": config.arc_size, "relation": config.relation_size}
        self.layers = nn.ModuleDict(
            {
                f"{what}_{role}": linear(shape.hidden, size, generator, std=config.std)
                for what, size in sizes.items()
                for role in ("dependent", "head")
            }
        )
        self.arcs = _bilinear(1, config.arc_size, generator, std=config.std)
        self.relations = _bilinear(config.relations, config.relation_size, generator, std=config.std)

    def forward(
        self,
        states: Float[Tensor, "rows length hidden"],
        mask: Int[Tensor, "rows length"],
        mapped: Mapped | None = None,
    ) -> Float[Tensor, "rows length length scores"]:
        """Return scores for each [row, dependent, head], padding included: of the arc, then of each relation.

        Raises PlanError when `mapped`, a map of pooled states, is given: this head does not pool.
        """
        if mapped is not None:
            check_pools("none")
        states = self._dropped(states)
        maps = {"arc": self.arcs, "relation": self.relations}
        return torch.cat(
            [
                _pairs(self._layer(f"{what}_dependent", states), self._layer(f"{what}_head", states), weight)
                for what, weight in maps.items()
            ],
            dim=-1,
        )

    def _layer(self, name: str, states: Tensor) -> Vectors:
        """Return a layer's outputs with a 1 appended, which gives the bilinear map its bias terms."""
        found = self._dropped(NONLINEARITIES[self.config.nonlinearity](self.layers[name](states)))
        return torch.cat([found, found.new_ones(*found.shape[:-1], 1)], dim=-1)

    def _dropped(self, states: Tensor) -> Tensor:
        return nn.functional.dropout(states, self.config.dropout, self.training)


def _bilinear(outputs: int, size: int, generator: Generator, *, std: float) -> nn.Parameter:
    return nn.Parameter(torch.randn(outputs, size + 1, size + 1, generator=generator) * std)


def _pairs(
    dependents: Vectors, heads: Vectors, weight: Float[Tensor, "outputs size size"]
) -> Float[Tensor, "rows length length outputs"]:
    """Return the values d' W h for each dependent d, head h and output."""
    half = torch.einsum("rdi,oij->rdoj", dependents, weight)
    return torch.einsum("rdoj,rhj->rdho", half, heads)


KIND = Kind("biaffine", BiaffineConfig, Biaffine, identity=False, merges="none", presets={}, head=True)
