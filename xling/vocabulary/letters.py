"""Letters: their scripts, blocks and names, and counts as people read them."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache

from fontTools import unicodedata as tables

_SHARED = frozenset({"Zyyy", "Zinh", "Zzzz"})


@cache
def is_letter(character: str) -> bool:
    """Whether it is a letter or a mark."""
    return unicodedata.category(character)[0] in "LM"


def script(letter: str) -> str | None:
    """The ISO 15924 code of a letter or mark; None for what scripts share: digits, signs, joiners."""
    found = tables.script(letter)
    return None if found in _SHARED or unicodedata.category(letter)[0] not in "LM" else found


def block(letter: str) -> str:
    """The Unicode block that a character stands in."""
    return tables.block(letter)


def scripts(lines: Iterable[str]) -> Counter[str]:
    """How many letters and marks of each script some lines have."""
    letters = Counter(letter for line in lines for letter in line)
    found: Counter[str] = Counter()
    for letter, count in letters.items():
        own = script(letter)
        if own is not None:
            found[own] += count
    return found


def called(character: str) -> str:
    """The code point with its Unicode name, where it has one: `U+200C ZERO WIDTH NON-JOINER`."""
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".strip()


def times(count: int) -> str:
    """`once`, or `1,204 times`."""
    return "once" if count == 1 else f"{count:,} times"


def first(items: list[str], count: int) -> str:
    """The first few of a list in prose, and how many more there are."""
    more = len(items) - count
    return ", ".join(items[:count]) + (f" and {more} more" if more > 0 else "")
