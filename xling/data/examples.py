"""Typed examples: what every reader gives and every task takes."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

# what an example's fields of text are called, whatever its type
TEXTS = ("tokens", "text", "pair", "context", "question", "choices")


@runtime_checkable
class Example(Protocol):
    """What every example is: a frozen dataclass that says its language and, within a data set, its id.

    Its texts stand in fields that are called as in `TEXTS`, its gold labels in others (None without gold).
    A task may have a type of its own. An id GROUP/NUMBER says which examples must stay together.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def id(self) -> str:
        """How it is called in its data set."""
        ...

    @property
    def language(self) -> str:
        """The tag of its language."""
        ...


@dataclass(frozen=True)
class TaggedSentence:
    """A sentence of tokens; `tags` are BIO, one for each token, or None without gold labels."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...] | None
    id: str
    language: str


@dataclass(frozen=True)
class LabelledText:
    """A text, or a pair of texts, with one label (None without gold)."""

    text: str
    label: str | None
    id: str
    language: str
    pair: str | None = None


@dataclass(frozen=True)
class MultiLabelledText:
    """A text, or a pair of texts, with any number of labels (None without gold)."""

    text: str
    labels: tuple[str, ...] | None
    id: str
    language: str
    pair: str | None = None


@dataclass(frozen=True)
class Utterance:
    """A sentence to an assistant: its tokens, their slots in BIO, its intent (None without gold)."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...] | None
    intent: str | None
    id: str
    language: str


@dataclass(frozen=True)
class Choice:
    """A question on a context with several answers; label: the number of the right one, from zero."""

    context: str
    question: str
    choices: tuple[str, ...]
    label: int | None
    id: str
    language: str


@dataclass(frozen=True)
class Question:
    """A question whose answer is a span of the context.

    answers: each right answer's first character in the context, and its text; None without gold.
    """

    context: str
    question: str
    answers: tuple[tuple[int, str], ...] | None
    id: str
    language: str


@dataclass(frozen=True)
class ParsedSentence:
    """A sentence's words, parts of speech and dependency tree (None without gold).

    heads: the number of each word's head, from one; zero for the root. relations: each word's to its head.
    """

    tokens: tuple[str, ...]
    tags: tuple[str, ...] | None
    heads: tuple[int, ...] | None
    relations: tuple[str, ...] | None
    id: str
    language: str


ExampleT = TypeVar("ExampleT")


def fingerprint(examples: Sequence[Example | str]) -> str:
    """SHA-256 over the content (ids and languages too), in order: `sha256:` and 64 hex digits."""
    digest = hashlib.sha256()
    for example in examples:
        value = example if isinstance(example, str) else list(vars(example).values())
        digest.update(json.dumps(value, ensure_ascii=False).encode("utf-8") + b"\n")
    return f"sha256:{digest.hexdigest()}"


def sample(examples: Sequence[ExampleT], count: int | None, seed: int) -> list[ExampleT]:
    """`count` examples drawn without replacement, in their own order; all when there are no more."""
    if count is None or count >= len(examples):
        return list(examples)
    chosen = random.Random(seed).sample(range(len(examples)), count)
    return [examples[number] for number in sorted(chosen)]
