"""The interface of a task: encode examples, compute the loss, decode scores and compute metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from xling.bases.base import Base
from xling.data.examples import Example
from xling.errors import InputError
from xling.modules.kind import PartConfig
from xling.tasks.comparison import Comparison
from xling.tasks.reading import ReadsExamples
from xling.words.aligning import Aligner

ValueT = TypeVar("ValueT")
Prediction = dict[str, Any]
Writer = Callable[[Sequence[Prediction], Path], bytes]  # called with predictions and their input file
Pieces = Callable[[Iterable[Prediction], Path, int], Iterator[bytes]]


@dataclass(frozen=True)
class PieceByPiece:
    """A `Writer` that can also write predictions as they come, so that they need not fit into memory.

    pieces: a function of predictions, their input file, and the index of the first one's example. It yields
    the bytes of each prediction in turn, and then what stands after all.
    """

    pieces: Pieces

    def __call__(self, rows: Sequence[Prediction], input: Path) -> bytes:
        return b"".join(self.pieces(rows, input, 0))


@dataclass(frozen=True, kw_only=True)
class Row:
    """One input sequence of pieces. An example has one row or, when it is long, several.

    ids: the piece ids, special pieces included. at: the positions in `ids` whose hidden states are scored,
    one for each item; when empty, the whole sequence is scored once. targets: the label numbers of the items
    as the task defines them; empty without gold labels. example: the index of the row's example. first: the
    number of the example's items in earlier rows. spans: the start and end character (exclusive) of each item
    in the example's text, for tasks that need them. pair: the base's piece ids of the paired text, where the
    plan reads one; else empty.
    """

    ids: tuple[int, ...]
    at: tuple[int, ...]
    targets: tuple[int, ...]
    example: int
    first: int = 0
    spans: tuple[tuple[int, int], ...] = ()
    pair: tuple[int, ...] = ()


def cross_entropy(wanted: Tensor, logs: Tensor) -> Tensor:
    """Return the sum over units of the cross-entropy. wanted: probabilities. Both are [units, labels]."""
    return -torch.where(wanted > 0, wanted * logs, 0.0).sum()


@dataclass(frozen=True)
class Link:
    """How a task's scores and label probabilities are converted into each other.

    logs: a function from scores [units, outputs] and label names to log-probabilities. scores: a function
    from log-probabilities to scores that `Task.decode` turns into the same probabilities; the identity for
    tasks that take a softmax. loss: a function from wanted probabilities and log-probabilities to the loss of
    all units; `cross_entropy` where exactly one label is right.
    """

    logs: Callable[[Tensor, Sequence[str]], Tensor]
    scores: Callable[[Tensor], Tensor] = lambda logs: logs
    loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy


ONE_LABEL = Link(lambda scores, labels: scores.log_softmax(-1))


@runtime_checkable
class ScoresUnits(Protocol):
    """A task that scores labels for units (words, texts or answers) that do not depend on the tokenizer.

    So the scores of plans with different vocabularies can be combined unit by unit. This does not hold for
    tasks that score pieces or pairs of words.
    """

    @property
    def link(self) -> Link: ...


@runtime_checkable
class CarriesLabels(Protocol):
    """A task whose labels can be carried over from a text to its translation."""

    def carried(self, said: Prediction, example: Any, aligner: Aligner) -> Any:
        """Return an unlabelled example with the labels that were predicted for its translation.

        said: the prediction for the translation. aligner: links the words of the two, the example's first.

        Raises NotCarried when there is no place for a label.
        """
        ...


@runtime_checkable
class Task(ReadsExamples, Protocol):
    """A task: it reads examples, encodes them, computes the loss, decodes scores and computes metrics.

    metric: the name of the primary metric; higher is better. together: whether all rows of an example must be
    in one batch in training, because the loss compares them. template: the recipe in `recipes/_base` whose
    settings `xling recipe new` copies, with its data if they belong to this task.
    `counts` returns a row of sums for each example, and `value` the metric of added rows in percent, so
    that a bootstrap can resample examples without scoring them again.
    """

    metric: str
    together: bool
    template: str

    @property
    def outputs(self) -> Mapping[str, Writer]:
        """Functions that write predictions, by file ending; files with other endings are JSON lines.

        One that is no `PieceByPiece` is called once, when all predictions are there.
        """
        ...

    def example(self, item: Any, id: str, language: str) -> Example:
        """Make an unlabelled example of a caller's item; raises InputError for an item of another form."""
        ...

    def labels(self, examples: Sequence[Any]) -> tuple[str, ...]:
        """Return the label set of training examples, in the order of the head's outputs."""
        ...

    def head(self, labels: Sequence[str], base: Base) -> PartConfig:
        """Return the configuration of a head for these labels, in the shape usual for the base's family."""
        ...

    def rows(
        self, examples: Sequence[Any], tokenizer: Any, labels: Sequence[str], max_length: int
    ) -> list[Row]:
        """Encode examples with a fast tokenizer; raises InputError for a gold label outside the label set."""
        ...

    def loss(self, logits: Tensor, rows: Sequence[Row]) -> Tensor:
        """Return the mean loss over the scored items of a batch. logits: the head's scores of all rows."""
        ...

    def pick(self, logits: Tensor, rows: Sequence[Row]) -> list[Float[Tensor, "*items outputs"]]:
        """Return the logits of each row's scored items."""
        ...

    def decode(
        self, examples: Sequence[Any], rows: Sequence[Row], scores: Sequence[Tensor], labels: Sequence[str]
    ) -> list[Prediction]:
        """Return a prediction for each example. scores: what `pick` returned for each row, by example."""
        ...

    def gold(self, example: Any) -> Prediction:
        """Return an example's gold labels under the keys of a prediction; empty without gold labels."""
        ...

    def counts(self, examples: Sequence[Any], predictions: Sequence[Prediction]) -> np.ndarray:
        """Return the counts that the metric is computed from, [examples, sums]."""
        ...

    def value(self, sums: np.ndarray) -> np.ndarray:
        """Compute the primary metric in percent from added counts [..., sums]."""
        ...

    def score(self, examples: Sequence[Any], predictions: Sequence[Prediction]) -> dict[str, float]:
        """Compute all metrics in percent, the primary one first, with the standard library for the task."""
        ...

    def compare(self, gold: Prediction, predicted: Prediction) -> Sequence[Comparison]:
        """Compare an example's gold labels with its prediction for a report, one value per kind of answer.

        gold: what `gold` returned, read back from a file. A LookupError, TypeError, ValueError or
        AttributeError means that the two do not belong together. The report shows those texts of the
        prediction that are not in `gold` in any case.
        """
        ...


def numbered(label: str, labels: Sequence[str], example: Example) -> int:
    """Return the number of a label; raises InputError when the task module does not know it."""
    if label not in labels:
        raise InputError(
            f"label {label!r} of example {example.id} is unknown to the task module",
            where=f"data in {example.language}",
            choices=labels,
            hint="score it by a data card whose `labels` give it another name (xling evaluate --card), "
            "or train a task module that knows it",
        )
    return labels.index(label)


def by_example(rows: Sequence[Row], values: Sequence[ValueT], count: int) -> list[list[ValueT]]:
    """Group values of rows by example; an example may have none. count: the number of examples."""
    parts: list[list[ValueT]] = [[] for _ in range(count)]
    for row, own in zip(rows, values, strict=True):
        parts[row.example].append(own)
    return parts
