"""Romanised texts, by the library `uroman` (Hermjakob et al. 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from xling.data.examples import TEXTS, Example, Question
from xling.errors import InputError


def romanised(text: str, language: str | None = None) -> str:
    """Return a text in Latin letters. The language tag selects rules that uroman has for one language."""
    return str(_romaniser().romanize_string(text, lcode=(language or "und").split("_")[0]))


def romanised_examples(examples: Sequence[Example]) -> list[Example]:
    """Return the same examples with romanised texts and unchanged labels.

    Raises InputError for span questions, because romanising would shift the offsets of their answers.
    """
    return [_spelled(example) for example in examples]


def _spelled(example: Example) -> Example:
    if isinstance(example, Question):
        raise InputError(
            "answers are places in a text, and those move when it is spelled anew", where="romanised"
        )
    texts = {name: value for name, value in vars(example).items() if name in TEXTS and value is not None}
    return replace(example, **{name: _latin(value, example.language) for name, value in texts.items()})


def _latin(value: str | tuple[str, ...], language: str) -> str | tuple[str, ...]:
    if isinstance(value, str):
        return romanised(value, language)
    return tuple(romanised(token, language) or token for token in value)


@cache
def _romaniser() -> Any:
    from uroman import Uroman

    return Uroman()
