"""Examples as a plan has the tokenizer read them: its text parts rewrite tokens and words, one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from xling.data.examples import Example, Question
from xling.errors import PlanError

Rewrite = Callable[[Sequence[str]], Sequence[str]]
_TOKENS, _TEXTS = "tokens", ("text", "pair", "context", "question", "choices")


def rewritten(example: Example, rewrite: Rewrite) -> Example:
    """The same example over other words: as many tokens, or one string for what stands between blanks.

    Labels and predictions stay those of the example's own words. Raises PlanError for a question whose answer
    is a span of characters: they would no longer be where the answer says.
    """
    if isinstance(example, Question):
        raise PlanError(
            "a part of the plan rewrites the text, in which an answer is a span of characters",
            where="--plan",
            hint="leave the part out for question answering",
        )
    if hasattr(example, _TOKENS):
        return replace(example, tokens=tuple(rewrite(getattr(example, _TOKENS))))
    found = {name: _text(getattr(example, name), rewrite) for name in _TEXTS if hasattr(example, name)}
    return replace(example, **found)


def _text(value: Any, rewrite: Rewrite) -> Any:
    if isinstance(value, tuple):
        return tuple(_text(item, rewrite) for item in value)
    return None if value is None else " ".join(rewrite(value.split()))
