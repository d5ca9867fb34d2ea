"""Characters and counts as people read them, in any script and on any terminal."""

from __future__ import annotations

import unicodedata


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
