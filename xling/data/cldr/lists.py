"""Lists in the form that a locale uses: "A, B und C", "กและข"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from xling.data.tokenise import words

Tokens = list[tuple[str, str]]  # (token, BIO tag)

_FIRST_MARK = 0xE000  # private use: stands for an item while the list is joined
_MARK = re.compile("([\ue000-\uf8ff])")


@cache
def list_patterns(locale: str) -> Mapping[str, str]:
    """Return the list patterns of a locale: `2`, `start`, `middle` and `end`, each with {0} and {1}."""
    from babel import Locale

    return dict(Locale.parse(locale).list_patterns["standard"])


def join_text(items: Sequence[str], patterns: Mapping[str, str]) -> str:
    """Join items into one line of text (CLDR, list patterns: a list is built from its end)."""
    if len(items) < 3:
        return items[0] if len(items) == 1 else _fill(patterns["2"], items[0], items[1])
    joined = _fill(patterns["end"], items[-2], items[-1])
    for number in range(len(items) - 3, -1, -1):
        joined = _fill(patterns["middle" if number else "start"], items[number], joined)
    return joined


def join_tokens(items: Sequence[tuple[str, str]], patterns: Mapping[str, str]) -> Tokens:
    """Return the tokens and BIO tags of a list of (type, name). A whole name is a span, the rest is `O`.

    In scripts without spaces, a name is one token and the text between two names is another.
    """
    marks = [chr(_FIRST_MARK + number) for number in range(len(items))]
    tokens: Tokens = []
    for piece in _MARK.split(join_text(marks, patterns)):
        if piece in marks:
            kind, name = items[marks.index(piece)]
            tokens += [(word, f"{'I' if place else 'B'}-{kind}") for place, word in enumerate(words(name))]
        else:
            tokens += [(word, "O") for word in words(piece)]
    return tokens


def _fill(pattern: str, first: str, second: str) -> str:
    before, _, after = pattern.partition("{0}")
    return before.replace("{1}", second) + first + after.replace("{1}", second)
