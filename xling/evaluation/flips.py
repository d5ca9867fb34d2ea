"""Flips: answers that older predictions have right and newer ones of the same examples have wrong.

These are negative flips; positive ones go the other way (Yan et al. 2021, Positive-Congruent Training;
Echterhoff et al. 2024, MUSCLE).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xling.data.examples import Example
from xling.data.rows import JSON_ENDINGS, Record, read_rows
from xling.data.textfile import ending
from xling.errors import InputError
from xling.evaluation.bootstrap import Interval, interval, paired_gain
from xling.printable import shown
from xling.tasks.comparison import UNFIT, Comparison
from xling.tasks.metrics import share

if TYPE_CHECKING:
    from xling.tasks.task import Prediction, Task

Answers = Sequence[Comparison]  # of one example, one for each kind of answer
# the keys of predictions that repeat texts of their example, with its fields
_REPEATED = {
    **{name: name for name in ("tokens", "text", "context", "question", "choices")},
    "premise": "text",
    "hypothesis": "pair",
}


@dataclass(frozen=True, kw_only=True)
class Flips:
    """The flips of one kind of answer.

    unit: what is right or wrong, such as "words". units: how many there are; a span or label that no side
    has is none, one that is only predicted is. negative, positive: how many flip; the rates are percentages
    of the units, with bootstrap intervals over examples.
    """

    unit: str
    units: int
    negative: int
    positive: int
    negative_rate: Interval
    positive_rate: Interval

    def row(self) -> dict[str, Any]:
        """Return the flips as results list them."""
        rates = {"negative": self.negative_rate.row(), "positive": self.positive_rate.row()}
        sides = {way: {"count": getattr(self, way), **rate} for way, rate in rates.items()}
        return {"unit": self.unit, "units": self.units, **sides}


def flips(old: Sequence[Answers], new: Sequence[Answers]) -> tuple[Flips, ...]:
    """Count the flips of each kind of answer. old, new: the answers of the same examples, in one order.

    Raises InputError for answers that cannot be told apart, of a task that is not in the package.
    """
    counts: dict[str, np.ndarray] = defaultdict(lambda: np.zeros((len(new), 3)))
    for number, (before, after) in enumerate(zip(old, new, strict=True)):
        for one, other in zip(before, after, strict=True):
            counts[other.unit or "answers"][number] += _flipped(one, other)
    return tuple(_counted(unit, sums) for unit, sums in counts.items())


def _flipped(old: Comparison, new: Comparison) -> tuple[int, int, int]:
    """Return the negative flips, the positive flips, and the units. What one side lacks is right there."""
    before, after = old.judged, new.judged
    if before.keys() != after.keys() and (old.units is None or new.units is None):
        raise InputError(
            f"{len(before)} answers on one side and {len(after)} on the other cannot be told apart",
            where=new.title or "flips",
            hint="in the task's `compare`, give `units` to Comparison",
        )
    keys = before.keys() | after.keys()
    pairs = [(before.get(key, True), after.get(key, True)) for key in keys]
    return pairs.count((True, False)), pairs.count((False, True)), len(keys)


def _counted(unit: str, sums: np.ndarray) -> Flips:
    """Return the flips of a kind of answer. sums: negative flips, positive flips and units, [examples, 3]."""
    negative, positive, units = map(int, sums.sum(0))
    return Flips(
        unit=unit,
        units=units,
        negative=negative,
        positive=positive,
        negative_rate=interval(sums[:, [0, 2]], share),
        positive_rate=interval(sums[:, [1, 2]], share),
    )


@dataclass(frozen=True, eq=False)
class Judged:
    """Predictions held against the gold labels. counts: as `Task.counts` returns them, [examples, sums]."""

    counts: np.ndarray
    answers: Sequence[Answers]


def judged(task: Task, examples: Sequence[Example], rows: Sequence[Prediction]) -> Judged:
    """Hold predictions against the gold labels of their examples.

    Raises InputError for a task, which is then not in the package, that does not say which answers are right.
    """
    answers = [_answers(task, example, row) for example, row in zip(examples, rows, strict=True)]
    return Judged(task.counts(examples, rows), answers)


def read_judged(path: Path, task: Task, examples: Sequence[Example]) -> Judged:
    """Read predictions from JSON lines, and hold them against the gold labels of their examples.

    Raises InputError, which names the first difference, for predictions of other examples or another task.
    """
    if ending(path) not in JSON_ENDINGS:
        hint = "give what xling predict wrote into a .jsonl file"
        raise InputError("no JSON lines by its ending", where=path, choices=JSON_ENDINGS, hint=hint)
    rows, found = list(read_rows(path, "jsonl")), []
    for example, row in zip(examples, rows, strict=False):
        _check_same(example, row)
        try:
            found.append(judged(task, [example], [dict(row.cells)]))
        except UNFIT as error:
            raise row.place.fault(f"this is no prediction of the task {task.name} for its example") from error
    if len(rows) > len(examples):
        raise rows[len(examples)].place.fault(f"one prediction more than the {len(examples)} examples")
    if len(rows) < len(examples):
        first = shown(examples[len(rows)].id)
        raise InputError(
            f"{len(rows)} predictions of {len(examples)} examples: that of {first!r} is the first missing",
            where=path,
        )
    return Judged(np.concatenate([own.counts for own in found]), [own.answers[0] for own in found])


def compared(old: Judged, new: Judged, task: Task) -> dict[str, Any]:
    """Return the older score, the difference of the newer one from it, and the flips."""
    return {
        **interval(old.counts, task.value).row(),
        "difference": paired_gain(new.counts, old.counts, task.value).row(),
        "flips": [own.row() for own in flips(old.answers, new.answers)],
    }


def sentences(against: dict[str, Any], metric: str) -> Iterator[str]:
    """Yield in words what `compared` returned."""
    yield f"before: {metric} {_bounded(against)}; difference {_bounded(against['difference'], '+')}"
    for own in against["flips"]:
        for way in ("negative", "positive"):
            count = f"{own[way]['count']} of {own['units']} {own['unit']}"
            yield f"{way} flips: {count}, {_bounded(own[way])} percent"


def _bounded(row: dict[str, Any], sign: str = "") -> str:
    value, low, high = (f"{row[name]:{sign}.2f}" for name in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def _answers(task: Task, example: Example, row: Prediction) -> Answers:
    """Return the answers of an example; none without gold labels."""
    gold = task.gold(example)
    answers = task.compare(gold, row) if gold and hasattr(task, "compare") else ()
    if gold and not answers:
        hint = "its method `compare` must return a Comparison for each kind of answer"
        raise InputError("it does not say which answers are right", where=f"task {task.name}", hint=hint)
    return answers


def _check_same(example: Example, row: Record) -> None:
    """Raise InputError when a prediction is of another example, by its id or one of its texts."""
    found = row.cells.get("id")
    if found != example.id:
        raise row.place.fault(
            f"its id is {shown(found)!r}, that of the example is {shown(example.id)!r}",
            hint="give predictions of the same examples in the same order",
        )
    for key in row.cells.keys() & _REPEATED:
        own = getattr(example, _REPEATED[key], None)
        if own is not None and row.cells[key] != (own if isinstance(own, str) else list(own)):
            raise row.place.fault(f"its {key} is not that of the example {shown(example.id)!r}")
