"""Where modules act on an encoder: the names of the sites, and the interface of a part at each site.

A residual site gives the sublayer's output f, the residual r and the norm applied to their sum (no norm in a
pre-norm encoder). A part returns an increment. Stacked parts add their increments, or the upper one replaces
the lower one's. Post-norm encoders then compute norm(f + r + increment), pre-norm ones r + f + increment, so
the residual and the norm are applied once, however many parts are stacked.

In the order in which a text passes them, the sites are: text, pieces, embeddings, residual (in every layer),
weights (in every layer), pooled, and, under masked language modelling, the input of the decoder matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from xling.pairs import Paired

Place = Literal["after_attention", "after_ffn"]
PLACES: tuple[Place, ...] = ("after_attention", "after_ffn")

Hidden = Float[Tensor, "*rows hidden"]


@dataclass(frozen=True, kw_only=True)
class LinearSlice:
    """A linear site: the rows `start` to `stop` of a weight [outputs, inputs] and of its bias, if any.

    Some encoders fuse several projections into one weight, so a site can be a part of the weight.
    """

    weight: str
    bias: str | None
    start: int
    stop: int
    inputs: int


@dataclass(frozen=True)
class EncoderShape:
    """All that the builder of a module needs to know about an encoder.

    Attributes:
        hidden: The width of a hidden state.
        layers: The number of transformer layers.
        parameters: The encoder's parameters by name; they must not be changed.
        linear: The linear sites by (layer, name), such as (0, "attention.query"). The site `ffn.activation`
            of (IA)3 is the input of "ffn.down".
        norms: The names of the parameters that belong to norms.
    """

    hidden: int
    layers: int
    parameters: Mapping[str, Tensor] = field(default_factory=dict)
    linear: Mapping[tuple[int, str], LinearSlice] = field(default_factory=dict)
    norms: frozenset[str] = frozenset()

    @property
    def count(self) -> int:
        """Return the total number of values in the encoder's parameters."""
        return sum(value.numel() for value in self.parameters.values())

    def layers_but(self, leave_out: Iterable[int]) -> list[int]:
        """Return the numbers of the layers that are not left out; negative numbers count from the top."""
        absent = {number % self.layers for number in leave_out}
        return [layer for layer in range(self.layers) if layer not in absent]


@dataclass(frozen=True)
class Rows:
    """What a site knows about the rows of a batch.

    Attributes:
        languages: The language of each row; empty when nothing in the plan depends on it.
        mask: The attention mask [rows, length], 0 at padding; None when the states are single positions.
        shares: The weights that are tuned for each row, [rows, sites, branches], by Python's `id` of the plan
            that reads them; empty when none are.
        task: The task whose head reads the last states; None when none does.
        paired: What the base has for the paired text of each row; None when nothing in the plan reads it.
    """

    languages: Sequence[str] = ()
    mask: Tensor | None = None
    shares: Mapping[int, Tensor] = field(default_factory=dict)
    task: str | None = None
    paired: Paired | None = None

    def some(self, rows: slice | list[int]) -> Rows:
        """Return the same information for some of the rows."""
        numbers = range(len(self.languages))[rows] if isinstance(rows, slice) else rows
        languages = [self.languages[row] for row in numbers] if self.languages else ()
        shares = {reader: own[rows] for reader, own in self.shares.items()}
        mask = None if self.mask is None else self.mask[rows]
        paired = None if self.paired is None else self.paired.some(rows)
        return replace(self, languages=languages, mask=mask, shares=shares, paired=paired)


NO_ROWS = Rows()


@dataclass(frozen=True, kw_only=True)
class ResidualState:
    """What a part can read at one residual site.

    Attributes:
        sublayer: The sublayer's output f, after dropout, before the residual is added.
        residual: The residual r, which the encoder will add.
        norm: The encoder's norm of f + r, or None in a pre-norm encoder.
        increment: The sum that the parts below in the same plan add to f; None when there are none.
        rows: The rows of the batch that these states belong to.
    """

    sublayer: Hidden
    residual: Hidden
    norm: Callable[[Tensor], Tensor] | None
    increment: Hidden | None = None
    rows: Rows = NO_ROWS

    def under(self, increment: Hidden | None) -> ResidualState:
        """Return the same site for the next part above, with the increment so far."""
        return replace(self, increment=increment)

    def some(self, rows: slice | list[int]) -> ResidualState:
        """Return the same site for some of the rows."""
        below = None if self.increment is None else self.increment[rows]
        return ResidualState(
            sublayer=self.sublayer[rows],
            residual=self.residual[rows],
            norm=self.norm,
            increment=below,
            rows=self.rows.some(rows),
        )

    def raised(self) -> Hidden:
        """Return the sublayer's output plus the increment from below."""
        return self.sublayer if self.increment is None else self.sublayer + self.increment

    def normed(self) -> Hidden:
        """Return norm(f + r + increment), or f + r + increment in a pre-norm encoder."""
        total = self.raised() + self.residual
        return total if self.norm is None else self.norm(total)


@dataclass(frozen=True)
class LinearState:
    """What can be read at one linear site.

    Attributes:
        inputs: The inputs of the projection, [rows, length, inputs]; padding is included, see `rows.mask`.
        outputs: The outputs of this site's slice, [rows, length, outputs], with the bias.
        rows: The rows of the batch that these states belong to.
    """

    inputs: Float[Tensor, "*rows inputs"]
    outputs: Float[Tensor, "*rows outputs"]
    rows: Rows = NO_ROWS

    def some(self, rows: slice | list[int]) -> LinearState:
        """Return the same site for some of the rows."""
        return LinearState(self.inputs[rows], self.outputs[rows], self.rows.some(rows))


@dataclass(frozen=True)
class LabelScores:
    """The output of a complete plan: the log-probability of each label for every unit.

    A unit is what a task labels: a word, a text, a pair of texts or an answer.

    Attributes:
        labels: The names of the columns.
        logs: The log-probabilities, [units, labels].
    """

    labels: tuple[str, ...]
    logs: Float[Tensor, "units labels"]

    def ordered(self, labels: Sequence[str]) -> LabelScores:
        """Return the same scores with the columns in another order, which must name every label."""
        places = [self.labels.index(label) for label in labels]
        return LabelScores(tuple(labels), self.logs[:, places])


@runtime_checkable
class ReadsLanguage(Protocol):
    """A part that says whether what it does depends on the language of the rows (`reads_language`)."""

    @property
    def reads_language(self) -> bool: ...


@runtime_checkable
class ActsOnResidual(Protocol):
    """A part that adds an increment to the outputs of sublayers.

    Attributes:
        replaces: Whether its increment replaces that of the parts below, or is added to it.
    """

    @property
    def replaces(self) -> bool: ...

    def residual_sites(self) -> Iterable[tuple[int, Place]]:
        """Return the (layer, place) pairs where this part acts."""
        ...

    def own(self, layer: int, place: Place, state: ResidualState) -> Hidden:
        """Return the increment of this part alone; `state.increment` is what the parts below add."""
        ...


@runtime_checkable
class Combines(Protocol):
    """A part that combines the increments of parallel plans into one, with learned weights.

    Attributes:
        branches: The number of plans that it combines.
        sites: The (layer, place) pairs where it can combine them.
    """

    @property
    def branches(self) -> int: ...

    @property
    def sites(self) -> Sequence[tuple[int, Place]]: ...

    def combine(self, layer: int, place: Place, state: ResidualState, branches: Sequence[Hidden]) -> Hidden:
        """Return one increment from those of the branches; `state.increment` comes from below all of them."""
        ...


@runtime_checkable
class ActsOnEmbeddings(Protocol):
    """A part that maps the output of the embedding block, and is inverted before the MLM decoder."""

    def embed(self, states: Hidden, rows: Rows = NO_ROWS) -> Hidden:
        """Map the output of the embedding block, after its norm and dropout."""
        ...

    def unembed(self, states: Hidden, rows: Rows = NO_ROWS) -> Hidden:
        """Apply the inverse map to the input of the MLM decoder matrix."""
        ...


@runtime_checkable
class ActsOnPooled(Protocol):
    """A part that maps the pooled states, which a classification head reads."""

    def pooled(self, states: Float[Tensor, "rows hidden"], rows: Rows) -> Float[Tensor, "rows hidden"]:
        """Map the pooled states of rows."""
        ...


@runtime_checkable
class ActsOnText(Protocol):
    """A part that rewrites a text before it is split into pieces, so that tags fall on the user's words."""

    def rewritten(self, units: Sequence[str], language: str) -> list[str]:
        """Return one string for each unit: a given token or, in running text, the text between blanks."""
        ...


@runtime_checkable
class ReadsPieces(Protocol):
    """A part that brings a vocabulary: a tokenizer, and a vector and a bias for each of its pieces.

    Attributes:
        learns: Whether it has vectors and biases of its own to train; otherwise all are the base's.
    """

    @property
    def learns(self) -> bool: ...

    def tokenizer_json(self) -> str:
        """Return the tokenizer as JSON, in the format of the `tokenizers` library."""
        ...

    def vectors(self, pieces: Tensor, table: Tensor) -> Hidden:
        """Return the vectors of this tokenizer's piece ids, given the base's table [base pieces, hidden]."""
        ...

    def biases(self, pieces: Tensor, biases: Tensor) -> Tensor:
        """Return their biases in an MLM decoder, given the base's biases [base pieces]."""
        ...


@runtime_checkable
class ActsOnWeights(ReadsLanguage, Protocol):
    """A part that changes the values of some of the encoder's parameters."""

    def weight_names(self, shape: EncoderShape) -> Iterable[str]:
        """Return the names of the encoder parameters that this part changes."""
        ...

    def weight(self, name: str, below: Tensor, shape: EncoderShape, language: str) -> Tensor:
        """Return the value of parameter `name`, given `below`, its value after the parts below.

        Returns `below` itself if this part does not change it. The result is differentiable.
        """
        ...


@runtime_checkable
class ActsOnLinear(Protocol):
    """A part that adds to the outputs of linear sites what no change of their weights adds."""

    def linear_sites(self) -> Iterable[str]:
        """Return the keys of the sites where this part acts, such as `0.attention.query`."""
        ...

    def added(self, place: str, state: LinearState) -> Float[Tensor, "*rows outputs"]:
        """Return what this part adds to the outputs of the site with the key `place`."""
        ...


@runtime_checkable
class Penalised(Protocol):
    """A part that adds a penalty to the loss."""

    def penalty(self, shape: EncoderShape) -> Tensor | None:
        """Return the penalty as a scalar, or None when it is switched off."""
        ...


@runtime_checkable
class Paced(Protocol):
    """A part whose parameters learn at another rate than others do."""

    @property
    def pace(self) -> float:
        """The share of the learning rate that its parameters take."""
        ...


def key_of(name: str) -> str:
    """Turn a name into a key for torch's dictionaries of modules, which do not allow full stops."""
    return name.replace(".", "/")


def name_of(key: str) -> str:
    """Turn a key from `key_of` back into the name."""
    return key.replace("/", ".")
