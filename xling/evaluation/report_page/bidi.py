"""Text of any script as the page shows it: which way it runs, and where a long one may be cut."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
_AFTER = "\N{TIBETAN MARK INTERSYLLABIC TSHEG}\N{ZERO WIDTH SPACE}\N{ETHIOPIC WORDSPACE}"
_VIRAMA = 9  # the canonical combining class of signs that join two consonants
_BACK = 60
_WAYS = {"L": "ltr", "R": "rtl", "AL": "rtl"}


def direction(text: str) -> str:
    """`rtl` where most letters of known direction run from right to left, else `ltr`.

    The first letter alone, which `dir="auto"` goes by, is misled by a Latin name at the beginning.
    """
    kinds = [unicodedata.bidirectional(letter) for letter in text]
    right = sum(kind in ("R", "AL") for kind in kinds)
    return "rtl" if right > kinds.count("L") else "ltr"


def runs(words: Sequence[str], around: str) -> Iterator[tuple[str, int, int]]:
    """(direction, start, end) of the words in their order: names of another direction read on in their own.

    around: the sentence's direction, in which numbers and signs go too, unless words of the other stand on
    both sides of them.
    """
    ways = [_way(word) for word in words]
    start = 0
    while start < len(words):
        end, way = start + 1, ways[start] or around
        if way != around:
            while any(ways[end:]) and next(filter(None, ways[end:])) == way:
                end += 1
        yield way, start, end
        start = end


def _way(word: str) -> str:
    """The direction of a word's first letter that has one, or nothing."""
    kinds = (unicodedata.bidirectional(letter) for letter in word)
    return next((_WAYS[kind] for kind in kinds if kind in _WAYS), "")


def cut(text: str, most: int) -> str:
    """The text, or its beginning of at most so many characters and an ellipsis.

    It is cut between words where one ends near, else before a letter: never within a syllable's signs.
    """
    if len(text) <= most:
        return text
    end = next(
        (place for place in range(most, max(most - _BACK, 1), -1) if _between_words(text, place)), None
    )
    end = end or next((place for place in range(most, 1, -1) if _between_letters(text, place)), most)
    return text[:end].rstrip() + ELLIPSIS


def _between_words(text: str, place: int) -> bool:
    return text[place].isspace() or text[place - 1].isspace() or text[place - 1] in _AFTER


def _between_letters(text: str, place: int) -> bool:
    before, after = text[place - 1], text[place]
    joined = unicodedata.combining(before) == _VIRAMA or before in _JOINERS or after in _JOINERS
    return not joined and unicodedata.category(after)[0] not in "MC"
