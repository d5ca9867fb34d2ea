"""Tokenising: a plain pre-tokeniser, MASSIVE's tokens and brackets, and BIO tags from character spans."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from xling.data.bio import OUTSIDE
from xling.data.place import Place
from xling.languages import script
from xling.printable import shown

_PART_OF_WORDS = "'’ʼ"
_DIRECTION = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_BRACKETS = re.compile(r"\[\s*([^\[\]:]*?)\s*:\s*([^\[\]]*?)\s*\]")
_NO_SPACES = ("Hans", "Hant", "Jpan")

Span = tuple[int, int, str]  # start, end (exclusive), slot


def words(text: str) -> list[str]:
    """Split a text at white space and separate the punctuation at the edges of words.

    It uses Unicode categories, not letters, so it works in every script; text without spaces stays one token
    between the punctuation marks at its edges. The full stop of an ordinal ("24. oktober") stays with its
    number. Invisible direction marks at the edges of words are removed, because they would hide the
    punctuation behind them.
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


def annotated(text: str, place: Place) -> tuple[str, list[Span]]:
    """Parse MASSIVE's notation `wake me at [time : five am]` into the plain text and its spans.

    Raises InputError for brackets that do not have the form `[slot : words]`.
    """
    plain, spans, end = "", [], 0
    for match in _BRACKETS.finditer(text):
        plain += text[end : match.start()]
        if match[1] and match[2]:
            spans.append((len(plain), len(plain) + len(match[2]), match[1]))
        plain += match[2]
        end = match.end()
    plain += text[end:]
    if "[" in plain or "]" in plain:
        raise place.fault(f"{shown(text)!r} has brackets that are no [slot : words]")
    return plain, spans


def spoken(text: str, language: str) -> list[str]:
    """Split a text into the tokens of MASSIVE: at white space, and in Chinese and Japanese into characters.

    A run of ASCII characters stays one token in these languages too.
    """
    chunks = text.split()
    if script(language) not in _NO_SPACES:
        return chunks
    return [token for chunk in chunks for token in ([chunk] if chunk.isascii() else chunk)]


def tags_of_spans(text: str, tokens: Sequence[str], spans: Sequence[Span]) -> list[str]:
    """Return BIO tags for the tokens of a text: a token belongs to the first span that it overlaps.

    A span therefore grows to whole tokens, and a span that lies within a token of another span is lost.
    """
    tags, end, last = [], 0, None
    ordered = sorted(spans)
    for token in tokens:
        start = text.index(token, end)
        end = start + len(token)
        own = next((span for span in ordered if span[0] < end and start < span[1]), None)
        tags.append(OUTSIDE if own is None else f"{'I' if own is last else 'B'}-{own[2]}")
        last = own
    return tags


def _apart(character: str) -> bool:
    punctuation = unicodedata.category(character)[0] == "P" and character not in _PART_OF_WORDS
    return punctuation or character in _DIRECTION


def _ordinal(chunk: str) -> bool:
    return chunk[-1] == "." and chunk[:-1].isdigit()
