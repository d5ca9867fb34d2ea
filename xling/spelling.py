"""Spelling: where words begin and end, the form that a dictionary lists, capitals, Latin letters."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

import regex

# scripts that write no blanks between words; Tibetan writes a sign between syllables instead
_NO_BLANKS = r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Han}\p{Hiragana}\p{Katakana}"
_WORDS = regex.compile(rf"(?V1)[{_NO_BLANKS}]\p{{M}}*|[[\p{{L}}\p{{M}}\p{{N}}]--[{_NO_BLANKS}]]+")
SYLLABLE_SIGNS = "\u0f0b\u0f0c"  # Tibetan signs between syllables
_ABOVE_OR_BELOW = {220, 230, *range(27, 36)}  # classes of accents, tone marks and Arabic vowel signs
_MARKS = {code: None for code in range(sys.maxunicode) if unicodedata.combining(chr(code)) in _ABOVE_OR_BELOW}

_LONGEST = 12  # words in an entry; longer ones are phrases that no text repeats

Span = tuple[int, int]  # start, end (exclusive)
FoundT = TypeVar("FoundT")


def word_spans(text: str) -> list[Span]:
    """Return where the words of a text stand: runs of letters, marks and digits.

    In scripts without blanks between words, each letter with its marks is a run, and in Tibetan script each
    syllable.
    """
    return [match.span() for match in _WORDS.finditer(text)]


def side_by_side(text: str, spans: Sequence[Span]) -> Iterator[tuple[Span, Span]]:
    """Yield the adjacent words that a script writes without a blank between them."""
    for one, two in pairwise(spans):
        if not text[one[1] : two[0]].strip(SYLLABLE_SIGNS):
            yield one, two


def listed(word: str) -> str:
    """Return the form under which a word is listed: composed characters (NFC) in lower case."""
    return unicodedata.normalize("NFC", word).lower()


def without_marks(word: str) -> str:
    """Return a word without accents, tone marks and Arabic vowel signs.

    Signs that are vowels of their own, as in the scripts of India, stay.
    """
    if word.isascii():
        return word
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", word).translate(_MARKS))


def capitalised_as(word: str, text: str) -> str:
    """Return a text with the capitals of a word: all, the first letter, or its own."""
    if len(word) > 1 and word.isupper():
        return text.upper()
    return text[:1].upper() + text[1:] if word[:1].isupper() else text


def words_of(text: str) -> list[str]:
    """Return the words of a text in the form under which they are listed."""
    return [listed(text[start:end]) for start, end in word_spans(text)]


def reach_of(entries: Iterable[str]) -> int:
    """Return how many words the longest of some entries has, at least 1 and at most 12."""
    return max(1, min(_LONGEST, max((len(word_spans(entry)) for entry in entries), default=1)))


def longest_entry(
    text: str, spans: Sequence[Span], find: Callable[[str], FoundT | None]
) -> tuple[int, FoundT | None]:
    """Return how many of the words at the start form the longest entry, and what is found for it.

    spans: where the words stand, as many as an entry may have. find: returns what is listed under a text, or
    None. Without an entry that is one word, and None.
    """
    for count in range(len(spans), 0, -1):
        found = find(text[spans[0][0] : spans[count - 1][1]])
        if found is not None:
            return count, found
    return 1, None


def respelled(text: str, spellings: Mapping[str, str]) -> str:
    """Return a text with strings replaced by others, one after the other, as normalisers do."""
    for written, spelled in spellings.items():
        text = text.replace(written, spelled)
    return text


def romanised(text: str, language: str | None = None) -> str:
    """Return a text in Latin letters, by the library `uroman` (Hermjakob et al. 2018).

    language: its tag, which selects rules that uroman has for one language.
    """
    return str(_romaniser().romanize_string(text, lcode=(language or "und").split("_")[0]))


@cache
def _romaniser() -> Any:
    from uroman import Uroman

    return Uroman()
