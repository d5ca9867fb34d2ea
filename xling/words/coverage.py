"""How many of a text's running words another text, pairs or a dictionary hold, with and without marks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from xling.spelling import listed, without_marks, word_spans

_LONGEST = 12  # words in an entry that is looked for


@dataclass(frozen=True, kw_only=True)
class Held:
    """The share of the running words of a text that something holds.

    holder: what holds them: `text`, `pairs` or `dictionary`.
    words: the number of running words; in scripts without blanks between words, of syllables or letters.
    exact: the share that is listed as it is written, capitals aside.
    without_marks: the share that is listed once accents and tone marks are taken off both.
    """

    holder: str
    words: int
    exact: float
    without_marks: float


def held(lines: Sequence[str], entries: Collection[str], *, holder: str) -> Held:
    """Return how many of the running words of lines are among entries, which are words or several words.

    Words count once for each time they occur, as words of the longest entry at their place.
    """
    keys = {listed(entry) for entry in entries}
    counts = []
    for form in (listed, _unmarked):
        known = {form(key) for key in keys}
        reach = min(_LONGEST, max((len(word_spans(key)) for key in known), default=1))
        units = [unit for line in lines for unit in line.split()]
        counts.append(sum(sum(_matches(unit, known, form, reach)) for unit in units))
    words = sum(len(word_spans(line)) for line in lines)
    exact, unmarked = (count / max(1, words) for count in counts)
    return Held(holder=holder, words=words, exact=exact, without_marks=unmarked)


def _matches(unit: str, known: Collection[str], form: Callable[[str], str], reach: int) -> Iterator[int]:
    """Yield the number of words of each entry that is found in what stands between two blanks."""
    spans, place = word_spans(unit), 0
    while place < len(spans):
        texts = [unit[spans[place][0] : end] for _, end in spans[place : place + reach]]
        found = [count for count, text in enumerate(texts, start=1) if form(text) in known]
        yield found[-1] if found else 0
        place += found[-1] if found else 1


def _unmarked(word: str) -> str:
    return without_marks(listed(word))
