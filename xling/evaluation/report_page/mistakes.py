"""A few mistakes of each language, evenly spaced over all of them.

Gold spans are drawn above the words, and predicted spans below them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from xling.evaluation.report_page.predictions import ComparedExample
from xling.evaluation.report_page.wording import cut, direction, runs
from xling.tasks.comparison import DrawnSpans, ShownAnswer, Spans

_SHOWN, _LONG, _SHORT = 8, 400, 160
_BEFORE, _WORDS, _CHARACTERS = 10, 44, 420


@dataclass(frozen=True, kw_only=True)
class Mark:
    """The part of a span at one word. label: empty except at the first shown word of the span."""

    label: str
    right: bool
    starts: bool
    ends: bool


@dataclass(frozen=True)
class Word:
    """A word with its gold and its predicted mark."""

    text: str
    gold: Mark | None
    found: Mark | None


@dataclass(frozen=True)
class Sentence:
    """The words around the first mistake. before, after: how many words are left out there."""

    words: tuple[Word, ...]
    before: int
    after: int


@dataclass(frozen=True)
class ShownText:
    """A text of an example. direction: `rtl` or `ltr`."""

    name: str
    text: str
    direction: str


@dataclass(frozen=True)
class ShownChoice:
    """A label or answer for a whole example. chance: its probability in percent, as text."""

    name: str
    chance: str


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """An example with a mistake: its texts or words, and the answers of both sides for the whole of it."""

    id: str
    texts: tuple[ShownText, ...]
    sentence: Sentence | None
    direction: str
    gold: tuple[ShownChoice, ...]
    found: tuple[ShownChoice, ...]

    @property
    def runs(self) -> list[tuple[str, tuple[Word, ...]]]:
        """The drawn words, in runs that have one direction of writing."""
        words = self.sentence.words if self.sentence else ()
        parts = runs([word.text for word in words], self.direction)
        return [(way, words[start:end]) for way, start, end in parts]


@dataclass(frozen=True)
class Mistakes:
    """Some mistakes of a language. wrong: how many examples have mistakes. of: the number of examples."""

    shown: tuple[Mistake, ...]
    wrong: int
    of: int


def build(examples: Sequence[ComparedExample]) -> Mistakes:
    """Return at most eight mistakes of a language, chosen only by their position."""
    wrong = [example for example in examples if not example.right]
    count = min(_SHOWN, len(wrong))
    chosen = [wrong[place * len(wrong) // count] for place in range(count)]
    return Mistakes(tuple(map(_mistake, chosen)), len(wrong), len(examples))


def _mistake(example: ComparedExample) -> Mistake:
    answers = example.answers
    spans = next((answer.spans for answer in answers if answer.spans and answer.spans.tokens), None)
    texts = [
        ShownText("" if key == "text" else key, cut(text, _LONG), direction(text))
        for key, text in example.texts.items()
        if text
    ]
    return Mistake(
        id=example.id,
        texts=tuple(texts),
        sentence=draw(spans) if spans else None,
        direction=direction(" ".join((*(spans.tokens if spans else ()), *(text.text for text in texts)))),
        gold=tuple(_choices(answer.gold for answer in answers)),
        found=tuple(_choices(answer.predicted for answer in answers)),
    )


def _choices(sides: Iterable[Sequence[ShownAnswer]]) -> Iterator[ShownChoice]:
    for own in chain.from_iterable(sides):
        share = own.probability
        chance = "" if share is None else "under 1%" if 0 < share < 0.01 else f"{100 * share:.0f}%"
        yield ShownChoice(cut(own.text, _SHORT), chance)


def draw(spans: DrawnSpans) -> Sentence:
    """Return the words around the first mistake, with gold and predicted spans."""
    tokens, gold, found = spans.tokens, spans.gold, spans.predicted
    wrong = [place for place in gold.keys() | found.keys() if gold.get(place) != found.get(place)]
    start, end = _window(tokens, min(wrong, default=(0, 0))[0])
    over, under = _line(gold, found, start), _line(found, gold, start)
    words = tuple(
        Word(token, over.get(place), under.get(place))
        for place, token in enumerate(tokens[start:end], start=start)
    )
    return Sentence(words, start, len(tokens) - end)


def _window(tokens: Sequence[str], wrong: int) -> tuple[int, int]:
    """Return the start and end of the shown words: a whole short sentence, or part of it around a mistake."""
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
    """Return the marks of one line by position of the word. first: the first shown word."""
    marks = {}
    for (start, end), label in own.items():
        right = other.get((start, end)) == label
        for place in range(start, end):
            shown = label if place == max(start, first) else ""
            marks[place] = Mark(label=shown, right=right, starts=place == start, ends=place == end - 1)
    return marks
