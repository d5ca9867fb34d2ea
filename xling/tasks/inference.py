"""From examples to predictions: encode, run batches by length, decode in the examples' order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from xling.bases.base import Base
from xling.bases.batches import pad_rows
from xling.bases.precision import FLOAT32, Precision, computing_in
from xling.data.collation import sequential_batches
from xling.data.examples import TEXTS, Example, Question
from xling.errors import PlanError
from xling.sites import LabelScores
from xling.tasks.task import Prediction, Row, ScoresUnits, Task, by_example

Progress = Callable[[int, int], None]  # rows done, of how many
Rewrite = Callable[[Sequence[str]], Sequence[str]]


def unheard(done: int, of: int) -> None:
    """Progress that nobody hears of."""


@dataclass(frozen=True, kw_only=True)
class Computing:
    """How predictions are computed, whatever they are of.

    batch_tokens: how many padded pieces a batch holds at most. progress: hears how many rows are done, and of
    how many.
    """

    batch_tokens: int = 4096
    precision: Precision = FLOAT32
    progress: Progress = unheard


AS_USUAL = Computing()


@runtime_checkable
class ReadingComposition(Protocol):
    """What reads pieces and scores labels: a composition."""

    base: Base

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that its head scores, in the scores' order."""
        ...

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


@runtime_checkable
class ReadingEnsemble(Protocol):
    """Several that read pieces, each its own, and what they say of labels together."""

    base: Base

    def members(self, language: str) -> Sequence[ReadingComposition]:
        """Those that texts in a language go to."""
        ...

    def combined(self, said: Sequence[LabelScores], language: str) -> LabelScores:
        """What the members of a language say of the units of an example, in their order, as one."""
        ...


@torch.no_grad()
def predict(
    task: Task,
    examples: Sequence[Example],
    reader: ReadingComposition | ReadingEnsemble,
    labels: Sequence[str],
    *,
    computing: Computing = AS_USUAL,
) -> list[Prediction]:
    """Predictions in the order of the examples.

    labels: in the order of a composition's scores. An ensemble's members may each have their own.
    """
    if isinstance(reader, ReadingEnsemble):
        scores = _together(task, examples, reader, labels, computing)
        rows = [Row(ids=(), at=(), targets=(), example=number) for number in range(len(examples))]
    else:
        rows = encode(task, examples, reader, labels, reader.base.max_length)
        (scores,) = _scores(task, examples, [_Encoded(reader, rows)], computing)
    return task.decode(examples, rows, scores, labels)


@dataclass(frozen=True)
class _Encoded:
    """Rows of some of the examples, as a composition reads them."""

    composition: ReadingComposition
    rows: Sequence[Row]


def _together(
    task: Task,
    examples: Sequence[Example],
    ensemble: ReadingEnsemble,
    labels: Sequence[str],
    computing: Computing,
) -> list[Tensor]:
    """Scores [units, labels] of each example, which `decode` reads as the members' combined probabilities."""
    if not isinstance(task, ScoresUnits):
        raise TypeError(f"{task.name} has no link between its scores and probabilities of labels")
    members = [ensemble.members(example.language) for example in examples]
    readings = []
    for one in {id(one): one for own in members for one in own}.values():
        numbers = [number for number, own in enumerate(members) if one in own]
        read = [examples[number] for number in numbers]
        rows = encode(task, read, one, one.labels, one.base.max_length)
        readings.append(_Encoded(one, [replace(row, example=numbers[row.example]) for row in rows]))
    scores = _scores(task, examples, readings, computing)
    found = {
        id(own.composition): by_example(own.rows, values, len(examples))
        for own, values in zip(readings, scores, strict=True)
    }
    together = []
    for number, example in enumerate(examples):
        said = [_label_scores(task, found[id(one)][number], one.labels) for one in members[number]]
        together.append(ensemble.combined(said, example.language).ordered(labels))
    return [task.link.scores(own.logs) for own in together]


def _label_scores(task: ScoresUnits, parts: Sequence[Tensor], labels: tuple[str, ...]) -> LabelScores:
    """What one plan says of an example's units. parts: the scores of its rows."""
    units = torch.cat([torch.zeros(0, len(labels)), *parts]).double()
    return LabelScores(labels, task.link.logs(units, labels))


def _scores(
    task: Task, examples: Sequence[Example], readings: Sequence[_Encoded], computing: Computing
) -> list[list[Tensor]]:
    """What `pick` gives for each row of each reading, on the processor."""
    done, count = 0, sum(len(own.rows) for own in readings)
    scores: list[list[Tensor]] = []
    for own in readings:
        base, device = own.composition.base, str(own.composition.base.encoder.device)
        found: dict[int, Tensor] = {}
        lengths = [len(row.ids) for row in own.rows]
        for batch in sequential_batches(lengths, max_tokens=computing.batch_tokens):
            chosen = [own.rows[number] for number in batch]
            ids, mask = pad_rows([row.ids for row in chosen], base.tokenizer.pad_token_id, device)
            languages = [examples[row.example].language for row in chosen]
            with computing_in(computing.precision, device):
                scored = own.composition.scores(ids, mask, languages).float()
            found |= zip(batch, (items.cpu() for items in task.pick(scored, chosen)), strict=True)
            done += len(batch)
            computing.progress(done, count)
        scores.append([found[number] for number in range(len(own.rows))])
    return scores


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
    found = {name: getattr(example, name) for name in TEXTS if hasattr(example, name)}
    if "tokens" in found:
        return replace(example, tokens=tuple(rewrite(found["tokens"])))
    return replace(example, **{name: _text(value, rewrite) for name, value in found.items()})


def _text(value: Any, rewrite: Rewrite) -> Any:
    if isinstance(value, tuple):
        return tuple(_text(item, rewrite) for item in value)
    return None if value is None else " ".join(rewrite(value.split()))
