"""Where modules act: the names of sites, and what a part promises to do at one.

A residual site offers the sublayer's output f, the residual r and the norm applied to their sum
(none in a pre-norm encoder). A part answers with its own increment; what stacks parts adds it to what lies
below, or lets it take that place. Post-norm encoders go on with norm(f + r + increment), pre-norm ones with
r + f + increment, so the residual and the norm are applied once, whatever is stacked.

In the order in which a text passes them, the sites are: text, pieces, embeddings, residual (in every layer),
weights (in every layer), pooled, and, under masked language modelling, the input of the decoder matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from xling.errors import InputError

Place = Literal["after_attention", "after_ffn"]
PLACES: tuple[Place, ...] = ("after_attention", "after_ffn")

Hidden = Float[Tensor, "*rows hidden"]


@dataclass(frozen=True, kw_only=True)
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
class Rows:
    """The rows of a batch, as every site shows them.

    languages: the language of each row; empty where nothing in the plan goes by it. mask: which pieces are
    no padding, [rows, length]; None where single positions are asked for.
    """

    languages: Sequence[str] = ()
    mask: Tensor | None = None

    def some(self, rows: slice | list[int]) -> Rows:
        """Some of the rows."""
        numbers = range(len(self.languages))[rows] if isinstance(rows, slice) else rows
        languages = [self.languages[row] for row in numbers] if self.languages else ()
        return Rows(languages, None if self.mask is None else self.mask[rows])


NO_ROWS = Rows()


@dataclass(frozen=True, kw_only=True)
class ResidualState:
    """What one residual site shows a part.

    sublayer: f, the sublayer's output, after dropout, before the residual is added.
    residual: r, what the encoder will add.
    norm: the encoder's own norm of f + r, or None where it is pre-norm.
    increment: what the parts below in the same plan add to f; None when nothing is below.
    rows: whose states these are.
    """

    sublayer: Hidden
    residual: Hidden
    norm: Callable[[Tensor], Tensor] | None
    increment: Hidden | None = None
    rows: Rows = NO_ROWS

    def under(self, increment: Hidden | None) -> ResidualState:
        """The same site for the next part up."""
        return replace(self, increment=increment)

    def some(self, rows: slice | list[int]) -> ResidualState:
        """The same site for some of the rows."""
        below = None if self.increment is None else self.increment[rows]
        return ResidualState(
            sublayer=self.sublayer[rows],
            residual=self.residual[rows],
            norm=self.norm,
            increment=below,
            rows=self.rows.some(rows),
        )

    def raised(self) -> Hidden:
        """The sublayer's output with the increment from below."""
        return self.sublayer if self.increment is None else self.sublayer + self.increment

    def normed(self) -> Hidden:
        """norm(f + r + increment); without the norm in a pre-norm encoder."""
        total = self.raised() + self.residual
        return total if self.norm is None else self.norm(total)


@dataclass(frozen=True)
class LinearState:
    """What one linear site shows an observer.

    inputs: what goes into it, [rows, length, inputs], padding included (`rows.mask` tells it apart).
    outputs: what comes out of its own slice, [rows, length, outputs], bias included.
    rows: whose states these are.
    """

    inputs: Float[Tensor, "*rows inputs"]
    outputs: Float[Tensor, "*rows outputs"]
    rows: Rows = NO_ROWS


@dataclass(frozen=True)
class LabelScores:
    """What a complete plan says of some units: the log-probability of each label for every unit.

    A unit is what a task labels: a word, a text, a pair of texts, an answer. labels: names of the columns.
    """

    labels: tuple[str, ...]
    logs: Float[Tensor, "units labels"]

    def ordered(self, labels: Sequence[str]) -> LabelScores:
        """The same with the labels in another order; all of them must be named."""
        places = [self.labels.index(label) for label in labels]
        return LabelScores(tuple(labels), self.logs[:, places])


@runtime_checkable
class ActsOnResidual(Protocol):
    """A part that adds to sublayers' outputs.

    replaces: whether what it adds takes the place of what the parts below add, or goes on top of it.
    """

    @property
    def replaces(self) -> bool: ...

    def residual_sites(self) -> Iterable[tuple[int, Place]]:
        """The (layer, place) pairs where this part acts."""
        ...

    def own(self, layer: int, place: Place, state: ResidualState) -> Hidden:
        """The part's own increment, given what the parts below add (`state.increment`)."""
        ...


@runtime_checkable
class Combines(Protocol):
    """A part that makes one increment of those of plans side by side, by what it has learned."""

    def combine(self, layer: int, place: Place, state: ResidualState, branches: Sequence[Hidden]) -> Hidden:
        """The increment of all branches; `state.increment` is what lies below each of them."""
        ...


@runtime_checkable
class ActsOnEmbeddings(Protocol):
    """A part that maps the embedding block's output and is undone before the MLM decoder."""

    def embed(self, states: Hidden, rows: Rows = NO_ROWS) -> Hidden:
        """Map the output of the embedding block (after its norm and dropout)."""
        ...

    def unembed(self, states: Hidden, rows: Rows = NO_ROWS) -> Hidden:
        """The inverse map, for the input of the MLM decoder matrix."""
        ...


@runtime_checkable
class ActsOnPooled(Protocol):
    """A part that maps what a head of whole texts reads, after the pooling."""

    def pooled(self, states: Float[Tensor, "rows hidden"], rows: Rows) -> Float[Tensor, "rows hidden"]:
        """The pooled states of rows, mapped."""
        ...


@runtime_checkable
class ActsOnText(Protocol):
    """A part that rewrites a text before it is split into pieces, so that tags fall on the user's words."""

    def rewritten(self, units: Sequence[str], language: str) -> list[str]:
        """One string for each unit: a given token, or what stands between blanks in running text."""
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
    """A part that stands for other values of some of the encoder's parameters.

    reads_language: whether these values depend on the language of the rows that pass.
    """

    @property
    def reads_language(self) -> bool: ...

    def weight_names(self, shape: EncoderShape) -> Iterable[str]:
        """The encoder parameters whose values this part changes."""
        ...

    def weight(self, name: str, below: Tensor, shape: EncoderShape, language: str) -> Tensor:
        """The value of parameter `name`, given the one that the parts below leave.

        That one itself is returned where this part does not change it. Differentiable.
        """
        ...


@runtime_checkable
class Penalised(Protocol):
    """A part that adds a term of its own to the loss."""

    def penalty(self, shape: EncoderShape) -> Tensor | None:
        """The term, a scalar; None when it is switched off."""
        ...


def key_of(name: str) -> str:
    """A parameter's or a place's name as a key of torch's dictionaries, which take no full stops."""
    return name.replace(".", "/")


def name_of(key: str) -> str:
    """The name that `key_of` wrote."""
    return key.replace("/", ".")


def at_sites(
    names: Iterable[str], shape: EncoderShape, leave_out: Iterable[int] = ()
) -> dict[str, LinearSlice]:
    """The linear sites of these names in every layer but some, by place: `0.attention.query`.

    Raises InputError for a name that the base has no site for.
    """
    known = dict.fromkeys(name for _, name in shape.linear)
    for name in names:
        if name not in known:
            raise InputError(f"the base has no linear site {name!r}", where="sites", choices=known)
    absent = {number % shape.layers for number in leave_out}
    kept = (layer for layer in range(shape.layers) if layer not in absent)
    return {f"{layer}.{name}": shape.linear[layer, name] for layer in kept for name in names}


def site_of(key: str, shape: EncoderShape) -> LinearSlice:
    """The linear site of a place's key; InputError when the base has none there."""
    layer, _, name = name_of(key).partition(".")
    site = shape.linear.get((int(layer), name)) if layer.isdecimal() else None
    if site is None:
        raise InputError(f"the base has no linear site {name!r} in layer {layer}", where="--plan")
    return site


def sites_of_weight(name: str, keys: Iterable[str], shape: EncoderShape) -> list[tuple[str, LinearSlice]]:
    """The places whose rows lie in the weight `name`, each with its site."""
    found = ((key, site_of(key, shape)) for key in keys)
    return [(key, site) for key, site in found if site.weight == name]
