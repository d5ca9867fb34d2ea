"""Per-label scores and what was taken for what, of any task whose answers are labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from xling.data.bio import spans
from xling.evaluation.report_page.predictions import Answer, Answers, Pair
from xling.evaluation.report_page.style import Paint, paint

_MOST, _SHOWN, _TAKEN = 12, 60, 3

Confused = Counter[tuple[str | None, str | None]]
Paired = Iterable[tuple[str | None, str | None]]


@dataclass(frozen=True, kw_only=True)
class Label:
    """One label's counts. right: of the support in gold and of those found. taken: what it was taken for."""

    name: str
    right: int
    support: int
    found: int
    taken: tuple[tuple[str, int], ...]

    @property
    def precision(self) -> float | None:
        """Percent of those found that are right; None where none was."""
        return 100 * self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Percent of those in gold that were found; None where gold has none."""
        return 100 * self.right / self.support if self.support else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both, in percent."""
        both = self.support + self.found
        return 200 * self.right / both if both else None


@dataclass(frozen=True)
class Heading:
    """Of a row or column; own: a label, and not what the page puts beside them."""

    name: str
    own: bool = True


OTHER, MISSED, INVENTED = (Heading(name, own=False) for name in ("other", "missed", "invented"))


@dataclass(frozen=True)
class Count:
    """A cell of the confusion table; painted by its share of the row, None where it is zero."""

    value: int
    paint: Paint | None
    right: bool


@dataclass(frozen=True)
class Confusion:
    """Rows are gold, columns predicted. folded: how many labels `other` stands for."""

    columns: tuple[Heading, ...]
    rows: tuple[tuple[Heading, tuple[Count, ...]], ...]
    folded: int


@dataclass(frozen=True, kw_only=True)
class Labels:
    """All labels of one kind of answer, the most frequent first. unit: what is counted.

    words: a label for each word, so that accuracy says it all. more: labels left out, those rarest in gold.
    """

    title: str
    unit: str
    labels: tuple[Label, ...]
    confusion: Confusion | None
    words: bool = False
    more: int = 0


def build(answers: Answers) -> tuple[Labels, ...]:
    """A table for each kind of label that the gold answers have; none for answers that are no labels."""
    given = answers.pairs[0].gold.given if answers.pairs else frozenset()
    return tuple(make(answers.pairs, answers.task) for key, make in _MAKERS.items() if key in given)


def _single(pairs: Sequence[Pair], task: str) -> Labels:
    seen = ((label_name(pair.gold.label), label_name(pair.found.label)) for pair in pairs)
    return _labels("Labels", "examples", seen)


def _several(pairs: Sequence[Pair], task: str) -> Labels:
    return _labels("Labels", "labels", (seen for pair in pairs for seen in _sets(pair)))


def _intents(pairs: Sequence[Pair], task: str) -> Labels:
    return _labels("Intents", "utterances", ((pair.gold.intent, pair.found.intent) for pair in pairs))


def _tags(pairs: Sequence[Pair], task: str) -> Labels:
    if word_tags(task):
        seen = (
            own for pair in pairs for own in zip(pair.gold.tags or (), pair.found.tags or (), strict=True)
        )
        return _labels("Parts of speech", "words", seen, words=True)
    return _labels("Spans by type", "spans", (seen for pair in pairs for seen in _spans(pair)))


def _relations(pairs: Sequence[Pair], task: str) -> Labels:
    """Right is a word with its head and its relation, without subtypes, as LAS counts it."""
    seen, right = [], Counter[str]()
    for gold, found in ((own.gold, own.found) for own in pairs):
        names = [(_plain(one), _plain(other)) for one, other in zip(*_related(gold, found), strict=True)]
        heads = zip(gold.heads or (), found.heads or (), strict=True)
        right.update(
            name
            for (name, own), (one, other) in zip(names, heads, strict=True)
            if (name, one) == (own, other)
        )
        seen += names
    return _labels("Relations, right with the right head", "words", seen, right=right)


_MAKERS: Mapping[str, Callable[[Sequence[Pair], str], Labels]] = {
    "intent": _intents,
    "label": _single,
    "labels": _several,
    "tags": _tags,
    "relations": _relations,
}


def label_name(label: str | int | None) -> str | None:
    """A label as the page names it; the choices of a question are numbered from one."""
    return f"answer {label + 1}" if isinstance(label, int) else label


def word_tags(task: str) -> bool:
    """Whether the tags of a task are one label for each word, and no spans."""
    return task == "pos"


def _sets(pair: Pair) -> Iterator[tuple[str | None, str | None]]:
    """Where one label is missed and one is invented, the one was taken for the other."""
    gold, found = set(pair.gold.labels or ()), set(pair.found.labels or ())
    yield from ((label, label) for label in gold & found)
    missed, invented = gold - found, found - gold
    if len(missed) == len(invented) == 1:
        yield missed.pop(), invented.pop()
        return
    yield from ((label, None) for label in missed)
    yield from ((None, label) for label in invented)


def _spans(pair: Pair) -> Iterator[tuple[str | None, str | None]]:
    """Spans of the same offsets are held against each other; the others are missed or invented."""
    gold, found = (
        {(start, end): kind for kind, start, end in spans(answer.tags or ())}
        for answer in (pair.gold, pair.found)
    )
    for place in gold.keys() | found.keys():
        yield gold.get(place), found.get(place)


def _related(gold: Answer, found: Answer) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return gold.relations or (), found.relations or ()


def _plain(relation: str) -> str:
    return relation.partition(":")[0]


def _labels(
    title: str, unit: str, seen: Paired, *, words: bool = False, right: Counter[str] | None = None
) -> Labels:
    counts: Confused = Counter(seen)
    support, found = Counter[str](), Counter[str]()
    for (gold, own), number in counts.items():
        support.update({gold: number} if gold is not None else {})
        found.update({own: number} if own is not None else {})
    names = sorted(support.keys() | found.keys(), key=lambda name: (-support[name], -found[name], name))
    rows = tuple(
        Label(
            name=name,
            right=counts[name, name] if right is None else right[name],
            support=support[name],
            found=found[name],
            taken=_taken(counts, name),
        )
        for name in names
    )
    confusion = None if words or len(names) < 2 else _confusion(counts, names)
    return Labels(
        title=title,
        unit=unit,
        labels=rows[:_SHOWN],
        confusion=confusion,
        words=words,
        more=max(len(rows) - _SHOWN, 0),
    )


def _taken(counts: Confused, name: str) -> tuple[tuple[str, int], ...]:
    """What a label was most often taken for."""
    wrong = [
        (own, number) for (gold, own), number in counts.items() if gold == name and own not in (name, None)
    ]
    return tuple((str(own), number) for own, number in sorted(wrong, key=lambda one: (-one[1], one[0])))[
        :_TAKEN
    ]


def _confusion(counts: Confused, names: Sequence[str]) -> Confusion:
    """The most frequent labels, then the others together, then what the other side does not have."""
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
