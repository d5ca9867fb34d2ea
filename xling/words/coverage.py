"""How many of a text's running words another text, pairs or a dictionary hold, with and without marks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from xling.spelling import listed, longest_entry, reach_of, without_marks, word_spans, words_of


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
        reach = reach_of(known)
        units = [unit for line in lines for unit in line.split()]
        counts.append(sum(sum(_matches(unit, known, form, reach)) for unit in units))
    words = sum(len(word_spans(line)) for line in lines)
    exact, unmarked = (count / max(1, words) for count in counts)
    return Held(holder=holder, words=words, exact=exact, without_marks=unmarked)


def running_words(lines: Iterable[str]) -> set[str]:
    """Return the distinct words of lines, in the form under which they are listed."""
    return {word for line in lines for word in words_of(line)}


def _matches(unit: str, known: Collection[str], form: Callable[[str], str], reach: int) -> Iterator[int]:
    """Yield the number of words of each entry that is found in what stands between two blanks."""
    spans, place = word_spans(unit), 0
    while place < len(spans):
        count, found = longest_entry(
            unit, spans[place : place + reach], lambda text: text if form(text) in known else None
        )
        yield 0 if found is None else count
        place += count


def _unmarked(word: str) -> str:
    return without_marks(listed(word))
