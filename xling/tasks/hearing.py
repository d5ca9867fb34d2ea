"""What a plan hears of examples: the runs of words that it reads as rows, and their languages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from xling.data.examples import Example, TaggedSentence, text_of
from xling.errors import InputError

Identify = Callable[[str], str | None]
Divide = Callable[[Sequence[str]], list[slice]]
_SHOWN = 60  # characters of a text in an error message


@runtime_checkable
class Hears(Protocol):
    """What is needed of a composition or an ensemble; see `ReadingComposition` for both."""

    identify: Identify | None
    divide: Divide | None


def divided(examples: Sequence[Example], reader: Hears) -> tuple[Sequence[Example], Sequence[int]]:
    """Return the runs of words that a plan reads as rows of their own, and the number of each one's example.

    They are the examples themselves where the plan tells no runs apart.
    """
    if reader.divide is None:
        return examples, range(len(examples))
    found = [(part, number) for number, own in enumerate(examples) for part in _parts(own, reader.divide)]
    return [part for part, _ in found], [number for _, number in found]


def _parts(example: Example, divide: Divide) -> list[Example]:
    assert isinstance(example, TaggedSentence)  # so it is in the tasks that such plans are for
    return [
        replace(example, tokens=example.tokens[run], tags=None if example.tags is None else example.tags[run])
        for run in divide(example.tokens)
    ]


def as_heard(examples: Sequence[Example], reader: Hears) -> Sequence[Example]:
    """Return examples in the languages that the plan finds in their texts; as they are if it does not look.

    Raises InputError, which names the example, for a text that no branch of the plan is for.
    """
    if reader.identify is None:
        return examples
    found = []
    for example in examples:
        language = reader.identify(text_of(example))
        if language is None:
            raise InputError(
                f"the text of example {example.id} is in none of the languages that the plan routes by: "
                f"{text_of(example)[:_SHOWN]!r}",
                where="--plan",
                hint="add *: none for such texts",
            )
        found.append(replace(example, language=language))
    return found
