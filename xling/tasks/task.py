"""What a task is to the rest of the house."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from torch import Tensor

from xling.bases.base import Base
from xling.data.examples import Example
from xling.errors import InputError
from xling.modules.kind import PartConfig
from xling.tasks.comparison import Comparison
from xling.tasks.reading import ReadsExamples

Prediction = dict[str, Any]
Writer = Callable[[Sequence[Prediction], Path], bytes]  # of predictions and the file they were made for


@dataclass(frozen=True, kw_only=True)
class Row:
    """One sequence of pieces of one example.

    at: positions in `ids` whose states are scored (empty: the whole sequence is scored once).
    targets: what the items should be, as the task numbers it; empty without gold labels.
    first: how many items of the example come before this row's.
    spans: the first character and the end of each item in the example's text, where a task asks for it.
    """

    ids: tuple[int, ...]
    at: tuple[int, ...]
    targets: tuple[int, ...]
    example: int
    first: int = 0
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Link:
    """How the scores of an example's units are probabilities of labels.

    logs: from scores [units, outputs] and label names to log-probabilities. scores: from log-probabilities to
    scores that `Task.decode` reads as these; the same values, where it takes their softmax.
    """

    logs: Callable[[Tensor, Sequence[str]], Tensor]
    scores: Callable[[Tensor], Tensor] = lambda logs: logs


ONE_LABEL = Link(lambda scores, labels: scores.log_softmax(-1))


@runtime_checkable
class ScoresUnits(Protocol):
    """A task that scores the same labels for each unit: a word, a text, an answer, however it is split.

    The scores of plans with other vocabularies are combined unit by unit; those of a task that scores pieces,
    or pairs of words, are not.
    """

    @property
    def link(self) -> Link: ...


@runtime_checkable
class Task(ReadsExamples, Protocol):
    """A task: rows of files to examples, these to pieces, logits to a loss, scores to predictions, a metric.

    metric: the primary one, which is the higher the better. together: the rows of an example are learned
    in one batch, since the loss compares them. template: the recipe of `recipes/_base` whose settings
    `xling recipe new` takes, and its data where that is of this task.
    `counts` gives a row of sums per example and `value` the metric of summed rows, in percent, so
    that a bootstrap resamples examples without scoring them again.
    """

    metric: str
    together: bool
    template: str

    @property
    def outputs(self) -> Mapping[str, Writer]:
        """What writes predictions to a file of an ending; every other ending gets JSON lines."""
        ...

    def example(self, item: Any, id: str, language: str) -> Example:
        """An example without gold of what a caller gives; InputError says what is taken."""
        ...

    def labels(self, examples: Sequence[Any]) -> tuple[str, ...]:
        """The label set of training data, in the order of the head's outputs."""
        ...

    def head(self, labels: Sequence[str], base: Base) -> PartConfig:
        """The head for these labels, in the base family's own shape where it has one."""
        ...

    def rows(
        self, examples: Sequence[Any], tokenizer: Any, labels: Sequence[str], max_length: int
    ) -> list[Row]:
        """Encode examples with a fast tokenizer; InputError names the first label outside the set."""
        ...

    def loss(self, logits: Tensor, rows: Sequence[Row]) -> Tensor:
        """The mean loss over the scored items of a batch."""
        ...

    def pick(self, logits: Tensor, rows: Sequence[Row]) -> list[Float[Tensor, "*items outputs"]]:
        """The logits of the scored items, row by row."""
        ...

    def decode(
        self, examples: Sequence[Any], rows: Sequence[Row], scores: Sequence[Tensor], labels: Sequence[str]
    ) -> list[Prediction]:
        """JSON rows of the examples. scores: what `pick` gives for each row, rows by example."""
        ...

    def gold(self, example: Any) -> Prediction:
        """The keys of a prediction that an example's gold labels answer, with those labels."""
        ...

    def counts(self, examples: Sequence[Any], predictions: Sequence[Prediction]) -> np.ndarray:
        """[examples, sums]: what the metric adds up."""
        ...

    def value(self, sums: np.ndarray) -> np.ndarray:
        """The metric in percent of sums [..., sums]."""
        ...

    def score(self, examples: Sequence[Any], predictions: Sequence[Prediction]) -> dict[str, float]:
        """All metrics in percent, the primary one first, by the field's own library."""
        ...

    def compare(self, gold: Prediction, predicted: Prediction) -> Sequence[Comparison]:
        """What a report shows of an example, a value for each kind of answer.

        gold: what `gold` gives, read again from a file. Any LookupError, TypeError, ValueError or
        AttributeError says that the two rows do not fit each other; texts of the prediction that gold does
        not answer are shown in any case.
        """
        ...


def numbered(label: str, numbers: Mapping[str, int], example: Example) -> int:
    """The number of a label; InputError names the example whose label the task module does not know."""
    if label not in numbers:
        raise InputError(
            f"label {label!r} of example {example.id} is unknown to the task module",
            where=f"data in {example.language}",
            choices=numbers,
            hint="score it by a data card whose `labels` give it another name (xling evaluate --card), "
            "or train a task module that knows it",
        )
    return numbers[label]


def by_example(rows: Sequence[Row], scores: Sequence[Tensor], count: int) -> list[list[Tensor]]:
    """The scores of each example's rows; an example may have none."""
    parts: list[list[Tensor]] = [[] for _ in range(count)]
    for row, own in zip(rows, scores, strict=True):
        parts[row.example].append(own)
    return parts
