"""Task heads, which map encoder states to label scores, for tokens or for whole sequences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Generator, Tensor, nn

from xling.errors import PlanError
from xling.modules.kind import NONLINEARITIES, Kind, Nonlinearity, PartConfig, linear
from xling.sites import EncoderShape

Pooling = Literal["none", "first", "mean"]
Mapped = Callable[[Tensor], Tensor]


class HeadConfig(PartConfig, frozen=True):
    """The settings of a head.

    Attributes:
        outputs: The number of labels.
        pooling: `none` scores every state; `first` and `mean` score the sequence by one pooled state.
        dense: The activation of a hidden layer before the scores, or None for no hidden layer.
        norm: Whether a layer norm (a scale without a shift) stands before the scores.
        dropout: The dropout before the first layer.
        std: The standard deviation of the initial weights.
    """

    kind: Literal["head"] = "head"
    outputs: Annotated[int, Field(gt=0)]
    pooling: Pooling = "none"
    dense: Nonlinearity | None = None
    norm: bool = False
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    std: Annotated[float, Field(ge=0)] = 0.02


class Head(nn.Module):
    """A head: dropout, an optional hidden layer, an optional norm, and a linear layer for the scores."""

    def __init__(self, config: HeadConfig, shape: EncoderShape, generator: Generator) -> None:
        super().__init__()
        self.config = config
        self.dense = linear(shape.hidden, shape.hidden, generator, std=config.std) if config.dense else None
        self.norm = nn.LayerNorm(shape.hidden, bias=False) if config.norm else None
        self.scores = linear(shape.hidden, config.outputs, generator, std=config.std)

    def forward(
        self,
        states: Float[Tensor, "rows length hidden"],
        mask: Int[Tensor, "rows length"],
        mapped: Mapped | None = None,
    ) -> Float[Tensor, "rows *scored outputs"]:
        """Return scores: [rows, length, outputs] without pooling, else [rows, outputs].

        `mapped` is applied to the pooled states [rows, hidden]. Raises PlanError when it is given but this
        head does not pool.
        """
        pooled = pool(states, mask, self.config.pooling)
        if mapped is not None:
            check_pools(self.config.pooling)
            pooled = mapped(pooled)
        pooled = nn.functional.dropout(pooled, self.config.dropout, self.training)
        if self.dense is not None and self.config.dense is not None:
            pooled = NONLINEARITIES[self.config.dense](self.dense(pooled))
        if self.norm is not None:
            pooled = self.norm(pooled)
        return self.scores(pooled)


def check_pools(pooling: Pooling) -> None:
    """Raise PlanError for a head that reads every state, when a part of the plan acts on pooled states."""
    if pooling == "none":
        raise PlanError(
            "a part of the plan acts on pooled states, and this head reads the states of single pieces",
            where="--plan",
            hint="leave the part out, or take a task of whole texts",
        )


def pool(
    states: Float[Tensor, "rows length hidden"], mask: Int[Tensor, "rows length"], pooling: Pooling
) -> Float[Tensor, "rows *length hidden"]:
    """Return one state of each row or, without pooling, all states as they are."""
    if pooling == "none":
        return states
    if pooling == "first":
        return states[:, 0]
    return mean_states(states, mask)


def mean_states(
    states: Float[Tensor, "rows length hidden"], mask: Int[Tensor, "rows length"]
) -> Float[Tensor, "rows hidden"]:
    """Return the mean state over the pieces of each row, without padding."""
    kept = mask.unsqueeze(-1).to(states.dtype)
    return (states * kept).sum(1) / torch.clamp(kept.sum(1), min=1.0)


KIND = Kind("head", HeadConfig, Head, identity=False, merges="plain", presets={"head": ()}, head=True)
