"""Which script the letters of a text are in."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable

from fontTools import unicodedata as tables

_SHARED = frozenset({"Zyyy", "Zinh", "Zzzz"})


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
