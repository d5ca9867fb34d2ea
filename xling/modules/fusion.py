"""AdapterFusion: attention over what several plans add, with the sublayer's output as the query.

Source: Pfeiffer et al. 2021 (AdapterFusion, section 3.2 and equation 3).
"""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor, nn

from xling.modules.combining import CombinerConfig
from xling.modules.kind import Kind, linear
from xling.sites import EncoderShape, Hidden, Place, ResidualState


class FusionConfig(CombinerConfig, frozen=True):
    """The settings of AdapterFusion.

    Attributes:
        reads: The query: `normed` is norm(f + r), as in the library AdapterHub; `sublayer` is f, as in the
            paper.
        value: Whether there is a value matrix; it starts as the identity. Without one, what the plans add is
            averaged as it is.
        l2: The weight of the squared distance of all value matrices from the identity, added to the loss.
        std: The standard deviation of the initial query and key matrices.
    """

    kind: Literal["fusion"] = "fusion"
    reads: Literal["normed", "sublayer"] = "normed"
    value: bool = True
    l2: Annotated[float, Field(ge=0)] = 0.01
    std: Annotated[float, Field(ge=0)] = 0.02


class Attention(nn.Module):
    """The query, key and value of one site."""

    def __init__(self, config: FusionConfig, hidden: int, generator: Generator) -> None:
        super().__init__()
        self.query = linear(hidden, hidden, generator, std=config.std)
        self.key = linear(hidden, hidden, generator, std=config.std)
        self.value = nn.Parameter(torch.eye(hidden)) if config.value else None

    def forward(self, query: Hidden, branches: Tensor) -> Hidden:
        """Return the weighted sum of the branches [branches, *rows, hidden], through the value matrix."""
        scores = (self.query(query) * self.key(branches)).sum(-1)
        together = (scores.softmax(0)[..., None] * branches).sum(0)
        return together if self.value is None else together @ self.value.T


class Fusion(nn.Module):
    """The attention of all sites, by keys `layer/place`."""

    def __init__(self, config: FusionConfig, shape: EncoderShape, generator: Generator) -> None:
        super().__init__()
        self.config, self.branches, self.sites = config, config.branches, config.sites(shape)
        self.at = nn.ModuleDict(
            {f"{layer}/{place}": Attention(config, shape.hidden, generator) for layer, place in self.sites}
        )

    def combine(self, layer: int, place: Place, state: ResidualState, branches: list[Hidden]) -> Hidden:
        query = state.normed() if self.config.reads == "normed" else state.raised()
        return self.at[f"{layer}/{place}"](query, torch.stack(branches))

    def penalty(self, shape: EncoderShape) -> Tensor | None:
        """Return the squared distance of the value matrices from the identity, times `l2`."""
        values = [own.value for own in self.at.values() if isinstance(own, Attention)]
        apart = [_from_identity(own) for own in values if own is not None]
        return self.config.l2 * torch.stack(apart).sum() if apart and self.config.l2 else None


def _from_identity(matrix: Tensor) -> Tensor:
    return (matrix - torch.eye(len(matrix), device=matrix.device)).square().sum()


KIND = Kind(
    "fusion",
    FusionConfig,
    Fusion,
    identity=False,
    merges="none",
    presets={"fusion": (FusionConfig(),)},
)
