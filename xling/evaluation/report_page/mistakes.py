"""Examples that were answered wrongly: a few of each language, evenly spaced over all of them.

In their words, what was to be found is drawn over them, and what was found under them.
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


@dataclass(frozen=True)
class ShownText:
    """A text of an example. direction: `rtl` or `ltr`."""

    name: str
    text: str
    direction: str


@dataclass(frozen=True)
class ShownChoice:
    """A whole example's label or answer, with the probability that the model gave it, in percent."""

    name: str
    chance: str


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One example: its texts or its words, and the answers of either side that are of the whole of it."""

    id: str
    texts: tuple[ShownText, ...]
    sentence: Sentence | None
    direction: str
    gold: tuple[ShownChoice, ...]
    found: tuple[ShownChoice, ...]

    @property
    def runs(self) -> list[tuple[str, tuple[Word, ...]]]:
        """The drawn words with their direction; those of another than the sentence's lie together."""
        words = self.sentence.words if self.sentence else ()
        parts = runs([word.text for word in words], self.direction)
        return [(way, words[start:end]) for way, start, end in parts]


@dataclass(frozen=True)
class Mistakes:
    """Some of a language's mistakes. wrong, of: how many examples have any, of how many."""

    shown: tuple[Mistake, ...]
    wrong: int
    of: int


def build(examples: Sequence[ComparedExample]) -> Mistakes:
    """The mistakes of a language, at most eight of them, chosen by place alone."""
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
    """The words around the first mistake, with the spans of both sides."""
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
