"""Where modules act: the names of sites, and what a part promises to do at one.

A residual site offers the sublayer's output f, the residual r and the norm applied to their sum
(none in a pre-norm encoder). A part answers with an increment: post-norm encoders go on with
norm(f + r + increment), pre-norm ones with r + f + increment, so the residual and the norm are
applied once, whatever is stacked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

Place = Literal["after_attention", "after_ffn"]
PLACES: tuple[Place, ...] = ("after_attention", "after_ffn")

Hidden = Float[Tensor, "*rows hidden"]


@dataclass(frozen=True)
class LinearSlice:
    """A linear site: rows `start` to `stop` of a weight [outputs, inputs] and of its bias, if it has one.

    Some encoders fuse several projections into one weight, so a site need not be all of it.
    """

    weight: str
    bias: str | None
    start: int
    stop: int
    inputs: int


@dataclass(frozen=True)
class EncoderShape:
    """What a builder must know of an encoder, and nothing else of it.

    hidden: width of a state. layers: number of transformer layers.
    parameters: the encoder's own parameters by name; to read, never to write.
    linear: the linear sites by (layer, name), such as (0, "attention.query"); (IA)3's site
    `ffn.activation` is the input of "ffn.down". norms: names of parameters that belong to norms.
    """

    hidden: int
    layers: int
    parameters: Mapping[str, Tensor] = field(default_factory=dict)
    linear: Mapping[tuple[int, str], LinearSlice] = field(default_factory=dict)
    norms: frozenset[str] = frozenset()

    @property
    def count(self) -> int:
        """How many numbers the encoder's parameters hold."""
        return sum(value.numel() for value in self.parameters.values())


@dataclass(frozen=True)
class ResidualState:
    """What one residual site shows a part.

    sublayer: f, the sublayer's output, after dropout, before the residual is added.
    residual: r, what the encoder will add.
    norm: the encoder's own norm of f + r, or None where it is pre-norm.
    increment: what the parts below in the same plan add to f; None when nothing is below.
    """

    sublayer: Hidden
    residual: Hidden
    norm: Callable[[Tensor], Tensor] | None
    increment: Hidden | None = None

    def under(self, increment: Hidden | None) -> ResidualState:
        """The same site for the next part up."""
        return replace(self, increment=increment)

    def of_rows(self, rows: slice | list[int]) -> ResidualState:
        """The same site for some of the rows."""
        below = None if self.increment is None else self.increment[rows]
        return ResidualState(self.sublayer[rows], self.residual[rows], self.norm, below)

    def raised(self) -> Hidden:
        """F plus the increment from below."""
        return self.sublayer if self.increment is None else self.sublayer + self.increment

    def normed(self) -> Hidden:
        """norm(f + r + increment); without the norm in a pre-norm encoder."""
        total = self.raised() + self.residual
        return total if self.norm is None else self.norm(total)


@runtime_checkable
class ActsOnResidual(Protocol):
    """A part that adds to sublayers' outputs."""

    def residual_sites(self) -> Iterable[tuple[int, Place]]:
        """The (layer, place) pairs where this part acts."""
        ...

    def increment(self, layer: int, place: Place, state: ResidualState) -> Hidden:
        """The total increment up to and with this part: its own on top of `state.increment`."""
        ...


@runtime_checkable
class ActsOnEmbeddings(Protocol):
    """A part that maps the embedding block's output and is undone before the MLM decoder."""

    def embed(self, states: Hidden) -> Hidden:
        """Map the output of the embedding block (after its norm and dropout)."""
        ...

    def unembed(self, states: Hidden) -> Hidden:
        """The inverse map, for the input of the MLM decoder matrix."""
        ...


@runtime_checkable
class ReadsPieces(Protocol):
    """A part that brings a vocabulary: a tokenizer, and a vector and a bias for each of its pieces.

    learns: whether some of these are its own, to be trained; else all are the base's.
    """

    @property
    def learns(self) -> bool: ...

    def tokenizer_json(self) -> str:
        """The tokenizer, as the `tokenizers` library writes it."""
        ...

    def vectors(self, pieces: Tensor, table: Tensor) -> Hidden:
        """The vectors of pieces of its own numbering, given the base's table [base pieces, hidden]."""
        ...

    def biases(self, pieces: Tensor, biases: Tensor) -> Tensor:
        """Their biases under an MLM decoder, given the base's [base pieces]."""
        ...


@runtime_checkable
class ActsOnWeights(Protocol):
    """A part that stands for other values of some of the encoder's parameters."""

    def weight_names(self, shape: EncoderShape) -> Iterable[str]:
        """The encoder parameters whose values this part changes."""
        ...

    def weight(self, name: str, below: Tensor, shape: EncoderShape) -> Tensor:
        """The value of parameter `name`, given the one that the parts below leave, which is returned

        itself where this part does not change it. Differentiable.
        """
        ...


@runtime_checkable
class Penalised(Protocol):
    """A part that adds a term of its own to the loss."""

    def penalty(self, shape: EncoderShape) -> Tensor | None:
        """The term, a scalar; None when it is switched off."""
        ...
