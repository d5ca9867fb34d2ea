"""From examples to predictions: encode, run batches by length, decode in the examples' order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from xling.bases.base import Base
from xling.bases.batches import pad_rows
from xling.bases.precision import FLOAT32, Precision, computing_in
from xling.data.collation import sequential_batches
from xling.data.examples import Example, Question
from xling.errors import PlanError
from xling.tasks.task import Prediction, Row, Task

Progress = Callable[[int, int], None]  # rows done, of how many
Rewrite = Callable[[Sequence[str]], Sequence[str]]
_TOKENS, _TEXTS = "tokens", ("text", "pair", "context", "question", "choices")


def unheard(done: int, of: int) -> None:
    """Progress that nobody hears of."""


@runtime_checkable
class ReadingComposition(Protocol):
    """What reads pieces and scores labels: a composition."""

    base: Base

    def tokenizer(self, language: str) -> Any:
        """The tokenizer of texts in a language."""
        ...

    @property
    def rewrites(self) -> bool:
        """Whether it reads other words than those of a text."""
        ...

    def rewritten(self, units: Sequence[str], language: str) -> Sequence[str]:
        """The words that it reads in place of others."""
        ...

    def scores(self, ids: Tensor, mask: Tensor, languages: Sequence[str]) -> Tensor:
        """The head's scores of labels."""
        ...


@torch.no_grad()
def predict(
    task: Task,
    examples: Sequence[Example],
    reader: ReadingComposition,
    labels: Sequence[str],
    *,
    batch_tokens: int = 4096,
    precision: Precision = FLOAT32,
    progress: Progress = unheard,
) -> list[Prediction]:
    """Predictions in the order of the examples."""
    if not examples:
        return []
    base = reader.base
    rows = encode(task, examples, reader, labels, base.max_length)
    found: list[Tensor | None] = [None] * len(rows)
    device, done = str(base.encoder.device), 0
    for batch in sequential_batches([len(row.ids) for row in rows], max_tokens=batch_tokens):
        chosen = [rows[number] for number in batch]
        ids, mask = pad_rows([row.ids for row in chosen], base.tokenizer.pad_token_id, device)
        languages = [examples[row.example].language for row in chosen]
        with computing_in(precision, device):
            scored = reader.scores(ids, mask, languages).float()
        for number, own in zip(batch, task.pick(scored, chosen), strict=True):
            found[number] = own.cpu()
        done += len(batch)
        progress(done, len(rows))
    return task.decode(examples, rows, [own for own in found if own is not None], labels)


def encode(
    task: Task,
    examples: Sequence[Example],
    reader: ReadingComposition,
    labels: Sequence[str],
    max_length: int,
) -> list[Row]:
    """The rows of examples, each language's with its own tokenizer, in the order of the examples."""
    together: dict[int, list[int]] = {}
    for number, example in enumerate(examples):
        together.setdefault(id(reader.tokenizer(example.language)), []).append(number)
    rows: list[Row] = []
    for numbers in together.values():
        chosen = [examples[number] for number in numbers]
        if reader.rewrites:
            chosen = [rewritten(one, partial(reader.rewritten, language=one.language)) for one in chosen]
        tokenizer = reader.tokenizer(chosen[0].language)
        encoded = task.rows(chosen, tokenizer, labels, max_length)
        rows += [replace(row, example=numbers[row.example]) for row in encoded]
    return sorted(rows, key=lambda row: row.example)


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
