"""Examples with other words: as the modules of a plan rewrite them, and their labels kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from xling.data.examples import TEXTS, Example, Question
from xling.errors import PlanError

Rewrite = Callable[[Sequence[str]], Sequence[str]]
_BLANKS = re.compile(r"(\s+)")


def rewritten(example: Example, rewrite: Rewrite) -> Example:
    """Return a copy of an example with rewritten words; its labels are kept.

    rewrite: a function from tokens, or from the words between blanks of a text, to as many strings. Raises
    PlanError for question answering, where answers are character offsets into the original text.
    """
    if isinstance(example, Question):
        raise PlanError(
            "a part of the plan rewrites the text, in which an answer is a span of characters",
            where="--plan",
            hint="leave the part out for question answering",
        )
    return reworded(example, rewrite)


def reworded(example: Example, rewrite: Rewrite) -> Example:
    """Return what `rewritten` does, also where labels do not hold for the new words."""
    found = {name: getattr(example, name) for name in TEXTS if hasattr(example, name)}
    if "tokens" in found:
        return replace(example, tokens=tuple(rewrite(found["tokens"])))
    return replace(example, **{name: _text(value, rewrite) for name, value in found.items()})


def rewritten_text(text: str, rewrite: Rewrite) -> str:
    """Return a text with rewritten words; the blanks between them stay as they are."""
    words = _BLANKS.split(text)  # words and blanks in turn; a blank at either end is beside an empty word
    words[::2] = rewrite(words[::2])
    return "".join(words)


def _text(value: Any, rewrite: Rewrite) -> Any:
    if isinstance(value, tuple):
        return tuple(_text(item, rewrite) for item in value)
    return None if value is None else rewritten_text(value, rewrite)
