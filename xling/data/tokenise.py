"""A plain pre-tokeniser for tagging: white space, with punctuation at the edges of words set apart.

The full stop of an ordinal ("24. oktober") stays with its number. Marks of a text's direction, which nobody
sees, are left out at the edges of words: they would hide the punctuation behind them.
"""

from __future__ import annotations

import unicodedata

_PART_OF_WORDS = "'’ʼ"
_DIRECTION = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def words(text: str) -> list[str]:
    """Tokens of a text. It looks at Unicode categories, not at letters, so it works in every script;
    text without spaces comes out in one piece between punctuation marks.
    """
    tokens: list[str] = []
    for chunk in text.split():
        start, end = 0, len(chunk)
        while start < end and _apart(chunk[start]):
            start += 1
        while end > start and _apart(chunk[end - 1]) and not _ordinal(chunk[start:end]):
            end -= 1
        parts = [*chunk[:start], *([chunk[start:end]] if start < end else []), *chunk[end:]]
        tokens += [part for part in parts if part not in _DIRECTION]
    return tokens or text.split()


def _apart(character: str) -> bool:
    punctuation = unicodedata.category(character)[0] == "P" and character not in _PART_OF_WORDS
    return punctuation or character in _DIRECTION


def _ordinal(chunk: str) -> bool:
    return chunk[-1] == "." and chunk[:-1].isdigit()
