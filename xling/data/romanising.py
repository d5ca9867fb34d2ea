"""Examples in Latin letters, whatever script they are written in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xling.data.examples import TEXTS, Example, Question
from xling.errors import InputError
from xling.spelling import romanised


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
