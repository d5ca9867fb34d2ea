"""Predict labels of examples: encode them, run batches of similar length, decode in the examples' order."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from xling.bases.base import Base
from xling.bases.batches import pad_rows
from xling.bases.precision import FLOAT32, Precision, computing_in
from xling.data.collation import sequential_batches
from xling.data.examples import Example
from xling.sites import LabelScores
from xling.tasks.hearing import Divide, Identify, as_heard, divided
from xling.tasks.pairing import padded_pairs, paired_rows
from xling.tasks.rewriting import rewritten
from xling.tasks.sharpening import TunableComposition, sharpened
from xling.tasks.task import Prediction, Row, ScoresUnits, Task, by_example

Progress = Callable[[int, int], None]  # called with the numbers of rows done and of all rows
Shares = Mapping[int, Tensor]
Pairs = tuple[Tensor, Tensor] | None
Scores = list[Tensor]
Recall = Callable[["ReadingComposition", Hashable, Callable[[], Scores]], Scores]


def unheard(done: int, of: int) -> None:
    """Ignore progress: the default of `Computing.progress`."""


def computed(reader: ReadingComposition, rows: Hashable, compute: Callable[[], Scores]) -> Scores:
    """Compute scores anew: the default of `Computing.recall`."""
    return compute()


@dataclass(frozen=True, kw_only=True)
class Computing:
    """Settings for the computation of predictions.

    batch_tokens: the largest number of pieces in a batch, padding included. precision: the number format of
    the forward pass. progress: a function called after each batch with the numbers of rows done and of all
    rows. recall: a function that returns the scores of rows by a composition; it is called with both and with
    a function that computes them, which it need not call where it knows them already. Rows that are equal,
    and their settings with them, have equal scores.
    """

    batch_tokens: int = 4096
    precision: Precision = FLOAT32
    progress: Progress = unheard
    recall: Recall = computed


AS_USUAL = Computing()


@runtime_checkable
class ReadingComposition(Protocol):
    """What `predict` needs of a composition: tokenizers and label scores.

    identify: returns the language of a text for the plan, or None where no branch is for it; itself None when
    the plan goes by the languages that examples state. divide: cuts a sentence into the runs of words that
    are rows of their own; None when whole rows are.
    """

    base: Base
    identify: Identify | None
    divide: Divide | None

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that its head scores, in the order of the scores."""
        ...

    def tokenizer(self, language: str) -> Any:
        """Return the tokenizer for texts in a language."""
        ...

    @property
    def rewrites(self) -> bool:
        """Whether it rewrites a text before the tokenizer splits it."""
        ...

    def rewritten(self, units: Sequence[str], language: str) -> Sequence[str]:
        """Return the words that the tokenizer should split in place of these."""
        ...

    def pairing(self, language: str) -> str | None:
        """Return what stands for the translation of a text without one: `own`, `gloss` or nothing, `given`.

        None when the plan reads no translation of texts in a language.
        """
        ...

    def scores(
        self, ids: Tensor, mask: Tensor, languages: Sequence[str], shares: Shares = ..., pairs: Pairs = ...
    ) -> Tensor:
        """Return the head's logits for a right-padded batch. ids, mask: [rows, length].

        pairs: the ids and the mask of the rows' paired texts, or None where the plan reads none.
        """
        ...


@runtime_checkable
class ReadingEnsemble(Protocol):
    """What `predict` needs of an ensemble: its members, and how their label scores are combined."""

    base: Base
    identify: Identify | None
    divide: Divide | None

    def members(self, language: str) -> Sequence[ReadingComposition]:
        """Return the compositions that score texts in a language."""
        ...

    def combined(self, said: Sequence[LabelScores], language: str) -> LabelScores:
        """Combine the label scores of an example's units. said: one for each member, in their order."""
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
    """Predict labels and return the predictions in the order of the examples.

    reader: the composition or ensemble that scores labels. labels: the label names in the order of a
    composition's scores; the members of an ensemble may have different orders. computing: batch size,
    precision and progress.
    """
    parts, whole = divided(examples, reader)
    heard = as_heard(parts, reader)
    if isinstance(reader, ReadingEnsemble):
        link = units_task(task).link
        scores = [link.scores(own.logs) for own in _together(task, heard, reader, labels, computing)]
        rows = [Row(ids=(), at=(), targets=(), example=number) for number in range(len(heard))]
    else:
        rows = encode(task, heard, reader, labels, reader.base.max_length)
        (scores,) = _scores(task, heard, [_Encoded(reader, rows)], computing)
    return task.decode(examples, [replace(row, example=whole[row.example]) for row in rows], scores, labels)


@torch.no_grad()
def label_scores(
    task: Task,
    examples: Sequence[Example],
    reader: ReadingComposition | ReadingEnsemble,
    labels: Sequence[str],
    *,
    computing: Computing = AS_USUAL,
) -> list[LabelScores]:
    """Return the log-probability of each label for every unit of each example, in the examples' order.

    The arguments are those of `predict`. The task must score units.
    """
    parts, whole = divided(examples, reader)
    heard = as_heard(parts, reader)
    if isinstance(reader, ReadingEnsemble):
        said = _together(task, heard, reader, labels, computing)
    else:
        rows = encode(task, heard, reader, labels, reader.base.max_length)
        (scores,) = _scores(task, heard, [_Encoded(reader, rows)], computing)
        said = [_label_scores(task, own, tuple(labels)) for own in by_example(rows, scores, len(heard))]
    found: list[list[Tensor]] = [[] for _ in examples]
    for number, own in zip(whole, said, strict=True):
        found[number].append(own.logs)
    return [LabelScores(tuple(labels), torch.cat(own)) for own in found]


def units_task(task: Task) -> ScoresUnits:
    """Return a task that scores units. Raises TypeError for another."""
    if not isinstance(task, ScoresUnits):
        raise TypeError(f"{task.name} has no link between its scores and probabilities of labels")
    return task


@dataclass(frozen=True)
class _Encoded:
    """Rows of some of the examples, encoded for one composition."""

    composition: ReadingComposition
    rows: Sequence[Row]


def _together(
    task: Task,
    examples: Sequence[Example],
    ensemble: ReadingEnsemble,
    labels: Sequence[str],
    computing: Computing,
) -> list[LabelScores]:
    """The combined label scores of each example."""
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
    return together


def _label_scores(task: Task, parts: Sequence[Tensor], labels: tuple[str, ...]) -> LabelScores:
    """The label scores of an example's units by one plan. parts: the scores of its rows."""
    units = torch.cat([torch.zeros(0, len(labels)), *parts]).double()
    return LabelScores(labels, units_task(task).link.logs(units, labels))


def _scores(
    task: Task, examples: Sequence[Example], readings: Sequence[_Encoded], computing: Computing
) -> list[Scores]:
    """Return, in CPU memory, what `pick` gives for each row of each reading."""
    done, count = 0, sum(len(own.rows) for own in readings)
    found = []
    for own in readings:
        languages = tuple(examples[row.example].language for row in own.rows)
        asked = (task.name, computing.precision, computing.batch_tokens, tuple(own.rows), languages)
        told = partial(_told_after, computing.progress, done, count)
        run = partial(_run, task, own, languages, replace(computing, progress=told))
        found.append(computing.recall(own.composition, asked, run))
        done += len(own.rows)
        computing.progress(done, count)
    return found


def _told_after(progress: Progress, before: int, count: int, done: int, of: int) -> None:
    if done < of:  # the last of a reading's rows are told by who asked for them
        progress(before + done, count)


def _run(task: Task, reading: _Encoded, languages: Sequence[str], computing: Computing) -> Scores:
    """Run all batches of a reading and return, in CPU memory, what `pick` gives for each row."""
    rows, base = reading.rows, reading.composition.base
    device, pad = str(base.encoder.device), base.tokenizer.pad_token_id
    found: dict[int, Tensor] = {}
    for batch in sequential_batches([len(row.ids) for row in rows], max_tokens=computing.batch_tokens):
        chosen = [rows[number] for number in batch]
        ids, mask = pad_rows([row.ids for row in chosen], pad, device)
        pairs = padded_pairs(chosen, pad, device)
        spoken = [languages[number] for number in batch]
        with computing_in(computing.precision, device):
            scored = _logits(task, reading.composition, chosen, (ids, mask, spoken), pairs).float()
        found |= zip(batch, (items.cpu() for items in task.pick(scored, chosen)), strict=True)
        computing.progress(len(found), len(rows))
    return [found[number] for number in range(len(rows))]


def _logits(
    task: Task,
    reader: ReadingComposition,
    rows: Sequence[Row],
    batch: tuple[Tensor, Tensor, Sequence[str]],
    pairs: Pairs,
) -> Tensor:
    """Return a batch's logits, after what its plan tunes for each row is tuned."""
    if isinstance(reader, TunableComposition) and reader.tuned:
        return sharpened(task, reader, rows, batch, pairs=pairs)
    return reader.scores(*batch, pairs=pairs)


def encode(
    task: Task,
    examples: Sequence[Example],
    reader: ReadingComposition,
    labels: Sequence[str],
    max_length: int,
) -> list[Row]:
    """Encode examples, each with the tokenizer of its language; rows come in the order of the examples.

    max_length: the largest number of pieces in a row, special pieces included.
    """
    together: dict[int, list[int]] = {}
    for number, example in enumerate(examples):
        together.setdefault(id(reader.tokenizer(example.language)), []).append(number)
    rows: list[Row] = []
    for numbers in together.values():
        chosen = [examples[number] for number in numbers]
        if reader.rewrites:
            chosen = [_as_rewritten(one, reader) for one in chosen]
        tokenizer = reader.tokenizer(chosen[0].language)
        encoded = task.rows(chosen, tokenizer, labels, max_length)
        rows += [replace(row, example=numbers[row.example]) for row in encoded]
    rows.sort(key=lambda row: row.example)
    return paired_rows(task, rows, examples=examples, reader=reader, labels=labels, max_length=max_length)


def _as_rewritten(example: Example, reader: ReadingComposition) -> Example:
    """Return an example as the plan rewrites it; as it is where that makes its paired text instead."""
    if reader.pairing(example.language) is not None:
        return example
    return rewritten(example, partial(reader.rewritten, language=example.language))
