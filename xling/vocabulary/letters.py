"""Scripts, Unicode blocks and names of letters, and counts in words."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache

from fontTools import unicodedata as tables

_SHARED = frozenset({"Zyyy", "Zinh", "Zzzz"})


@cache
def is_letter(character: str) -> bool:
    """Return whether a character is a letter or a mark."""
    return unicodedata.category(character)[0] in "LM"


def script(letter: str) -> str | None:
    """Return the ISO 15924 code of a letter or mark, or None for characters that scripts share."""
    found = tables.script(letter)
    return None if found in _SHARED or unicodedata.category(letter)[0] not in "LM" else found


def block(letter: str) -> str:
    """Return the Unicode block of a character."""
    return tables.block(letter)


def scripts(lines: Iterable[str]) -> Counter[str]:
    """Count the letters and marks of each script in some lines."""
    letters = Counter(letter for line in lines for letter in line)
    found: Counter[str] = Counter()
    for letter, count in letters.items():
        own = script(letter)
        if own is not None:
            found[own] += count
    return found


def called(character: str) -> str:
    """Return the code point and the Unicode name, if any: `U+200C ZERO WIDTH NON-JOINER`."""
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".strip()


def times(count: int) -> str:
    """Return a count in words: `once`, or `1,204 times`."""
    return "once" if count == 1 else f"{count:,} times"


def first(items: list[str], count: int) -> str:
    """Return the first few items of a list as prose, and how many more there are."""
    more = len(items) - count
    return ", ".join(items[:count]) + (f" and {more} more" if more > 0 else "")
