"""Typed examples: what readers return and tasks take."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

# the names of the fields that hold text, in every type of example
TEXTS = ("tokens", "text", "pair", "context", "question", "choices")


# the translations of an example's texts, in their order; of a sentence of tokens, one text
Translation = tuple[str, ...]


@runtime_checkable
class Example(Protocol):
    """Any example: a frozen dataclass with a language and an id that is unique within its data set.

    Texts are in fields with names from `TEXTS`; gold labels are in other fields, which are None without gold.
    `translation`, where a type has it, is None when the example has none.
    A task may define its own type. In an id GROUP/NUMBER, examples with the same GROUP must stay together.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def id(self) -> str:
        """The id of the example in its data set."""
        ...

    @property
    def language(self) -> str:
        """The language tag of the example."""
        ...


@dataclass(frozen=True)
class TaggedSentence:
    """A tokenised sentence with one BIO tag per token; `tags` is None without gold labels."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...] | None
    id: str
    language: str
    translation: Translation | None = None


@dataclass(frozen=True)
class LabelledText:
    """A text, or a pair of texts, with one label; `label` is None without gold labels."""

    text: str
    label: str | None
    id: str
    language: str
    pair: str | None = None
    translation: Translation | None = None


@dataclass(frozen=True)
class MultiLabelledText:
    """A text, or a pair of texts, with any number of labels; `labels` is None without gold labels."""

    text: str
    labels: tuple[str, ...] | None
    id: str
    language: str
    pair: str | None = None
    translation: Translation | None = None


@dataclass(frozen=True)
class Utterance:
    """A sentence to an assistant, with its tokens, BIO tags of its slots, and its intent.

    tags, intent: None without gold labels.
    """

    tokens: tuple[str, ...]
    tags: tuple[str, ...] | None
    intent: str | None
    id: str
    language: str
    translation: Translation | None = None


Tagged = TaggedSentence | Utterance


@dataclass(frozen=True)
class Choice:
    """A question about a context with several possible answers.

    label: the index of the right answer, from 0; None without gold labels.
    """

    context: str
    question: str
    choices: tuple[str, ...]
    label: int | None
    id: str
    language: str
    translation: Translation | None = None


@dataclass(frozen=True)
class Question:
    """A question whose answer is a span of the context.

    answers: for each right answer, the offset of its first character in the context and its text; None
        without gold labels.
    """

    context: str
    question: str
    answers: tuple[tuple[int, str], ...] | None
    id: str
    language: str
    translation: Translation | None = None


@dataclass(frozen=True)
class ParsedSentence:
    """The words of a sentence with parts of speech and a dependency tree (each None without gold labels).

    heads: for each word, the number of its head, counted from 1; 0 for the root.
    relations: for each word, the name of its relation to its head.
    """

    tokens: tuple[str, ...]
    tags: tuple[str, ...] | None
    heads: tuple[int, ...] | None
    relations: tuple[str, ...] | None
    id: str
    language: str
    translation: Translation | None = None


def text_of(example: Example, *, between: str = " ") -> str:
    """Return all texts of an example: its words, or its text, pair, context and choices.

    between: what stands between one of these and the next.
    """
    found = (getattr(example, name, None) or () for name in TEXTS)
    return between.join(part if isinstance(part, str) else " ".join(part) for part in found if part)


ExampleT = TypeVar("ExampleT")


def fingerprint(examples: Sequence[Example | str]) -> str:
    """Return the SHA-256 of all fields of the examples in order, as `sha256:` and 64 hex digits."""
    digest = hashlib.sha256()
    for example in examples:
        value = example if isinstance(example, str) else _values(example)
        digest.update(json.dumps(value, ensure_ascii=False).encode("utf-8") + b"\n")
    return f"sha256:{digest.hexdigest()}"


def _values(example: Example) -> list[Any]:
    """The values of all fields; without `translation`, which is newer, where there is none."""
    fields = vars(example).items()
    return [value for name, value in fields if name != "translation" or value is not None]


def digest(text: str) -> bytes:
    """Return 16 bytes that stand for a text, where the texts of a long file would be too much to keep."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def sample(examples: Sequence[ExampleT], count: int | None, seed: int) -> list[ExampleT]:
    """Draw `count` examples without replacement and keep their order; return all if there are not more."""
    if count is None or count >= len(examples):
        return list(examples)
    chosen = random.Random(seed).sample(range(len(examples)), count)
    return [examples[number] for number in sorted(chosen)]
