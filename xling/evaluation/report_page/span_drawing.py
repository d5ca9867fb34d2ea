"""Words with what was to be found drawn over them, and what was found drawn under them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xling.data.bio import spans
from xling.evaluation.report_page.predictions import Pair

_BEFORE, _WORDS, _CHARACTERS = 10, 44, 420

Spans = Mapping[tuple[int, int], str]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What one line shows at one word. label: where its span starts, or at the first word that is shown."""

    label: str
    right: bool
    starts: bool
    ends: bool


@dataclass(frozen=True)
class Word:
    """One word with its two marks."""

    text: str
    gold: Mark | None
    found: Mark | None


@dataclass(frozen=True)
class Sentence:
    """The words around the first mistake. before, after: how many words are left out."""

    words: tuple[Word, ...]
    before: int
    after: int


def draw(tokens: Sequence[str], gold: Spans, found: Spans) -> Sentence:
    """gold, found: labels of (start, end) in tokens, end exclusive; a line's spans do not overlap."""
    wrong = [place for place in gold.keys() | found.keys() if gold.get(place) != found.get(place)]
    start, end = _window(tokens, min(wrong, default=(0, 0))[0])
    over, under = _line(gold, found, start), _line(found, gold, start)
    words = tuple(
        Word(token, over.get(place), under.get(place))
        for place, token in enumerate(tokens[start:end], start=start)
    )
    return Sentence(words, start, len(tokens) - end)


def span_marks(pair: Pair) -> tuple[Spans, Spans]:
    """The spans of both sides."""
    sides = (pair.gold.tags or (), pair.found.tags or ())
    gold, found = ({(start, end): kind for kind, start, end in spans(tags)} for tags in sides)
    return gold, found


def tag_marks(pair: Pair) -> tuple[Spans, Spans]:
    """The tags of words that have the wrong one."""
    return _wrong(pair.gold.tags or (), pair.found.tags or ())


def tree_marks(pair: Pair) -> tuple[Spans, Spans]:
    """Relation and head of words that have a wrong one, relations without subtypes."""
    gold, found = (
        [
            f"{relation.partition(':')[0]} \N{RIGHTWARDS ARROW} {_head(pair.found.tokens, head)}"
            for relation, head in zip(answer.relations or (), answer.heads or (), strict=True)
        ]
        for answer in (pair.gold, pair.found)
    )
    return _wrong(gold, found)


def _head(tokens: Sequence[str], number: int) -> str:
    """The head with its number, which tells like words apart."""
    return f"{tokens[number - 1]} {number}" if 0 < number <= len(tokens) else f"{number}"


def _wrong(gold: Sequence[str], found: Sequence[str]) -> tuple[Spans, Spans]:
    places = [place for place, (one, other) in enumerate(zip(gold, found, strict=True)) if one != other]
    over, under = ({(place, place + 1): side[place] for place in places} for side in (gold, found))
    return over, under


def _window(tokens: Sequence[str], wrong: int) -> tuple[int, int]:
    """The words that are shown: all of a short sentence, else those around the first mistake."""
    sizes = [len(token) + 1 for token in tokens]
    if len(tokens) <= _WORDS and sum(sizes) <= _CHARACTERS:
        return 0, len(tokens)
    start = max(wrong - _BEFORE, 0)
    while start < wrong and sum(sizes[start:wrong]) > _CHARACTERS // 2:
        start += 1
    end = start
    while (
        end < len(tokens) and end - start < _WORDS and (end <= wrong or sum(sizes[start:end]) < _CHARACTERS)
    ):
        end += 1
    return start, end


def _line(own: Spans, other: Spans, first: int) -> dict[int, Mark]:
    """The marks of one line by word. first: the first word that is shown."""
    marks = {}
    for (start, end), label in own.items():
        right = other.get((start, end)) == label
        for place in range(start, end):
            shown = label if place == max(start, first) else ""
            marks[place] = Mark(label=shown, right=right, starts=place == start, ends=place == end - 1)
    return marks
