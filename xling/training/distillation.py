"""Distillation: a task module learns the probabilities of labels that a teacher gives to unlabelled texts.

The loss is the cross-entropy with the teacher's probabilities, at temperature one (Hinton, Vinyals and Dean
2015). So one module, at one pass, learns what several plans say together.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import torch
from torch import Tensor

from xling.tasks.inference import units_task
from xling.tasks.task import Row
from xling.training.task_objective import TaskObjective


class DistilObjective(TaskObjective):
    """The loss of a task objective on labelled rows, and the cross-entropy with a teacher on the others."""

    def teaches(self, row: Row) -> bool:
        """Return whether the row has labels, or the teacher has read its example."""
        return row.example in self.said or super().teaches(row)

    def loss_of(self, logits: Tensor, rows: Sequence[Row]) -> Tensor:
        """Return the mean loss over the scored items of a batch, labelled or read by the teacher."""
        taught = [number for number, row in enumerate(rows) if row.example in self.said]
        labelled = [number for number, row in enumerate(rows) if row.example not in self.said]
        total, items = logits.new_zeros(()), 0
        if labelled:
            own = [rows[number] for number in labelled]
            count = sum(len(row.targets) for row in own)
            total, items = self.task.loss(logits[labelled], own) * count, count
        if taught:
            loss, count = self._distilled(logits[taught], [rows[number] for number in taught])
            total, items = total + loss, items + count
        return total / items

    def _distilled(self, logits: Tensor, rows: Sequence[Row]) -> tuple[Tensor, int]:
        """Return the sum of the losses of all units that the teacher has read, and their number."""
        picked, link, whole = self.task.pick(logits, rows), units_task(self.task).link, self.task.together
        total, count = logits.new_zeros(()), 0
        for _, group in groupby(enumerate(rows), key=lambda own: own[1].example if whole else own[0]):
            parts = [number for number, _ in group]
            units = torch.cat([picked[number] for number in parts]).float()
            logs = link.logs(units, self.labels)
            row = rows[parts[0]]
            wanted = self.said[row.example][row.first : row.first + len(logs)].to(logs)
            total = total + link.loss(wanted, logs)
            count += 1 if whole else len(logs)
        return total, count
