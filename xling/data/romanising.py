"""Texts in Latin spelling, by the library `uroman` (Hermjakob et al. 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from xling.data.examples import Example, TaggedSentence


def romanised(text: str, language: str | None = None) -> str:
    """A text in Latin letters; a token stays one token. language: a tag, for rules of its own."""
    return str(_romaniser().romanize_string(text, lcode=(language or "und").split("_")[0]))


def romanised_examples(examples: Sequence[Example]) -> list[Example]:
    """The same examples in Latin spelling, labels as they are."""
    return [_spelled(example) for example in examples]


def _spelled(example: Example) -> Example:
    tag = example.language
    if isinstance(example, TaggedSentence):
        return replace(example, tokens=tuple(romanised(token, tag) or token for token in example.tokens))
    pair = None if example.pair is None else romanised(example.pair, tag)
    return replace(example, text=romanised(example.text, tag), pair=pair)


@cache
def _romaniser() -> Any:
    from uroman import Uroman

    return Uroman()
