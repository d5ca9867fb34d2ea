"""Scores of each label and a confusion table, for any task whose answers are labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from xling.evaluation.report_page.style import Paint, paint
from xling.tasks.comparison import Comparison

_MOST, _SHOWN, _TAKEN = 12, 60, 3

Confused = Counter[tuple[str | None, str | None]]


@dataclass(frozen=True, kw_only=True)
class Label:
    """Counts of one label.

    support: how often it is the gold label. found: how often it is predicted. right: how often both.
    taken: the labels most often predicted in its place, with counts.
    """

    name: str
    right: int
    support: int
    found: int
    taken: tuple[tuple[str, int], ...]

    @property
    def precision(self) -> float | None:
        """The percentage of its predictions that are right; None without predictions."""
        return 100 * self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """The percentage of its gold occurrences that were predicted; None without occurrences."""
        return 100 * self.right / self.support if self.support else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall, in percent; None without occurrences and predictions."""
        both = self.support + self.found
        return 200 * self.right / both if both else None


@dataclass(frozen=True)
class Heading:
    """The name of a row or column. own: whether it is a label, and not other, missed or invented."""

    name: str
    own: bool = True


OTHER, MISSED, INVENTED = (Heading(name, own=False) for name in ("other", "missed", "invented"))


@dataclass(frozen=True)
class Count:
    """A cell of the confusion table. paint: the colours of its share of the row, None for a count of zero."""

    value: int
    paint: Paint | None
    right: bool


@dataclass(frozen=True)
class Confusion:
    """The confusion table: gold rows, predicted columns. folded: how many labels `other` stands for."""

    columns: tuple[Heading, ...]
    rows: tuple[tuple[Heading, tuple[Count, ...]], ...]
    folded: int


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The labels of one kind of answer, the most frequent first. unit: what is counted.

    words: whether each word has a label, so that accuracy is enough. more: how many rare labels are left out.
    """

    title: str
    unit: str
    labels: tuple[Label, ...]
    confusion: Confusion | None
    words: bool = False
    more: int = 0


def build(examples: Iterable[Sequence[Comparison]]) -> tuple[Labels, ...]:
    """Return one table for each kind of answer that consists of labels."""
    tables: dict[str, list[Comparison]] = {}
    for answer in chain.from_iterable(examples):
        if answer.title:
            tables.setdefault(answer.title, []).append(answer)
    return tuple(map(_labels, tables.values()))


def _labels(answers: Sequence[Comparison]) -> Labels:
    """Return one table for answers with the same title."""
    counts: Confused = Counter()
    support, found, right = Counter[str | None](), Counter[str | None](), Counter[str | None]()
    for pair, number in Counter(chain.from_iterable(answer.pairs for answer in answers)).items():
        counts[pair.gold, pair.predicted] += number
        support[pair.gold] += number
        found[pair.predicted] += number
        right[pair.gold] += number * pair.right
    known = [name for name in support.keys() | found.keys() if name is not None]
    names = sorted(known, key=lambda name: (-support[name], -found[name], name))
    rows = tuple(
        Label(
            name=name,
            right=right[name],
            support=support[name],
            found=found[name],
            taken=_taken(counts, name),
        )
        for name in names
    )
    words = answers[0].words
    return Labels(
        title=answers[0].title,
        unit=answers[0].unit,
        labels=rows[:_SHOWN],
        confusion=None if words or len(names) < 2 else _confusion(counts, names),
        words=words,
        more=max(len(rows) - _SHOWN, 0),
    )


def _taken(counts: Confused, name: str) -> tuple[tuple[str, int], ...]:
    """Return the labels most often predicted in place of a gold label."""
    wrong = [
        (own, number) for (gold, own), number in counts.items() if gold == name and own not in (name, None)
    ]
    return tuple((str(own), number) for own, number in sorted(wrong, key=lambda one: (-one[1], one[0])))[
        :_TAKEN
    ]


def _confusion(counts: Confused, names: Sequence[str]) -> Confusion:
    """Return the table: the most frequent labels, then all others as one, then missed and invented ones."""
    kept = names if len(names) <= _MOST + 1 else names[:_MOST]
    table: Counter[tuple[Heading, Heading]] = Counter()
    for (gold, own), number in counts.items():
        table[_heading(gold, kept, INVENTED), _heading(own, kept, MISSED)] += number
    labels = [Heading(name) for name in kept] + ([OTHER] if len(kept) < len(names) else [])
    rows = [*labels, *([INVENTED] if any(gold is None for gold, _ in counts) else [])]
    columns = [*labels, *([MISSED] if any(own is None for _, own in counts) else [])]
    cells = tuple((row, _counts([(own, table[row, own]) for own in columns], row)) for row in rows)
    return Confusion(tuple(columns), cells, len(names) - len(kept))


def _heading(name: str | None, kept: Sequence[str], nothing: Heading) -> Heading:
    return nothing if name is None else Heading(name) if name in kept else OTHER


def _counts(values: Sequence[tuple[Heading, int]], row: Heading) -> tuple[Count, ...]:
    whole = sum(value for _, value in values) or 1
    return tuple(
        Count(value, paint(value / whole) if value else None, column == row and row.own)
        for column, value in values
    )
