"""What a task is to the rest of the house."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from torch import Tensor

from xling.bases.opening import Base
from xling.modules.head import HeadConfig

Prediction = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One sequence of pieces of one example.

    at: positions in `ids` whose states are scored (empty: the whole sequence is scored once).
    targets: a label number per scored item; empty without gold labels.
    first: how many items of the example come before this row's.
    """

    ids: tuple[int, ...]
    at: tuple[int, ...]
    targets: tuple[int, ...]
    example: int
    first: int = 0


@runtime_checkable
class Task(Protocol):
    """A task: typed examples to rows, logits to a loss, scores to predictions, predictions to a metric.

    `counts` gives a row of sums per example and `value` the metric of summed rows, in percent, so
    that a bootstrap resamples examples without scoring them again.
    """

    name: str
    metric: str

    def labels(self, examples: Sequence[Any]) -> tuple[str, ...]:
        """The label set of training data, in the order of the head's outputs."""
        ...

    def head(self, labels: Sequence[str], base: Base) -> HeadConfig:
        """The head for these labels in the base family's own shape."""
        ...

    def rows(
        self, examples: Sequence[Any], tokenizer: Any, labels: Sequence[str], max_length: int
    ) -> list[Row]:
        """Encode examples with a fast tokenizer; InputError names the first label outside the set."""
        ...

    def loss(self, logits: Tensor, rows: Sequence[Row]) -> Tensor:
        """Mean cross-entropy over the scored items of a batch."""
        ...

    def pick(self, logits: Tensor, rows: Sequence[Row]) -> list[Float[Tensor, "items labels"]]:
        """The logits of the scored items, row by row."""
        ...

    def decode(
        self, examples: Sequence[Any], scores: Sequence[np.ndarray], labels: Sequence[str]
    ) -> list[Prediction]:
        """JSON rows from the probabilities [items, labels] of each example."""
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
