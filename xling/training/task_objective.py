"""The objective of a task module: the task's loss on labelled rows, and its metric on the dev examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from torch import Tensor

from xling.bases.batches import pad_rows
from xling.bases.precision import Precision, chosen_precision, computing_in
from xling.composition.composed import Composition
from xling.data.collation import BatchOrder
from xling.data.examples import Example
from xling.errors import InputError
from xling.tasks.hearing import as_heard
from xling.tasks.inference import encode, predict
from xling.tasks.pairing import padded_pairs
from xling.tasks.task import Row, Task
from xling.training.specs import TrainingSettings


@dataclass(frozen=True)
class Taught:
    """Unlabelled examples and, for each, a teacher's probabilities, [units, labels], in the data's labels."""

    examples: Sequence[Example] = ()
    chances: Sequence[Tensor] = ()


@dataclass(frozen=True)
class TaskData:
    """The examples that a task module is trained on and selected by, and the labels that it can predict."""

    labels: Sequence[str]
    train: Sequence[Example]
    dev: Sequence[Example] = ()
    taught: Taught = Taught()


class TaskObjective:
    """The task's loss on the rows of training examples; the score is its metric on the dev examples."""

    higher_is_better = True

    def __init__(
        self,
        task: Task,
        composition: Composition,
        *,
        data: TaskData,
        settings: TrainingSettings,
        seed: int,
    ) -> None:
        self.task, self.composition, self.settings = task, composition, settings
        self.train = as_heard([*data.train, *data.taught.examples], composition)
        self.labels = data.labels
        self.said = dict(enumerate(data.taught.chances, start=len(data.train)))  # by example
        self.dev = [example for example in data.dev if task.gold(example)]
        base = composition.base
        self.device = str(composition.encoder.device)
        self.precision: Precision = chosen_precision(settings.precision, self.device)
        rows = encode(task, self.train, composition, self.labels, min(settings.max_length, base.max_length))
        self.units = _units(list(filter(self.teaches, rows)), together=task.together)
        if not self.units:
            raise InputError(
                f"none of the {len(self.train)} examples has anything left to learn from in rows of "
                f"{min(settings.max_length, base.max_length)} pieces",
                where="--train",
                hint="see that texts are not empty and answers not longer than a row (--set max_length=N)",
            )
        self.order = BatchOrder(
            [sum(len(row.ids) for row in unit) for unit in self.units],
            max_tokens=settings.batch_tokens,
            seed=seed,
            max_rows=settings.batch_rows,
        )
        composition.train(noise=settings.noise)

    def teaches(self, row: Row) -> bool:
        """Return whether there is anything to learn from a row."""
        return bool(row.targets)

    def passes_per_epoch(self) -> int:
        """Return the number of forward passes in which every labelled row is seen once."""
        return self.order.per_epoch()

    def loss(self, number: int) -> tuple[Tensor, int]:
        """Return the task's loss on the labelled rows of pass `number`, and the number of pieces it read."""
        chosen = [row for unit in self.order.at(number) for row in self.units[unit]]
        pad = self.composition.base.tokenizer.pad_token_id
        languages = [self.train[row.example].language for row in chosen]
        ids, mask = pad_rows([row.ids for row in chosen], pad, self.device)
        pairs = padded_pairs(chosen, pad, self.device)
        with computing_in(self.precision, self.device):
            logits = self.composition.scores(ids, mask, languages, pairs=pairs)
        return self.loss_of(logits, chosen), int(mask.sum())

    def loss_of(self, logits: Tensor, rows: Sequence[Row]) -> Tensor:
        """Return the mean loss over the scored items of a batch. logits: the head's scores of all rows."""
        return self.task.loss(logits, rows)

    def evaluate(self) -> float | None:
        """Return the primary metric on the dev examples in percent, or None if none has a gold answer."""
        if not self.dev:
            return None
        self.composition.train(False)
        found = predict(self.task, self.dev, self.composition, self.labels)
        score = float(self.task.value(self.task.counts(self.dev, found).sum(0)))
        self.composition.train(noise=self.settings.noise)
        return score


def _units(rows: Sequence[Row], *, together: bool) -> list[list[Row]]:
    """Return the groups of rows that a batch must not split: single rows, or all rows of an example."""
    if not together:
        return [[row] for row in rows]
    return [list(unit) for _, unit in groupby(rows, key=lambda row: row.example)]
