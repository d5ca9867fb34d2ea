"""Lowering the entropy of an example's labels by the weights of modules, while labels are predicted.

Source: Wang et al. 2021 (EMEA, equations 3 and 4). The rows of a batch do not see each other, so the sum of
their entropies has the gradients of each row alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from xling.tasks.task import Row, ScoresUnits, Task

RATE = 10.0  # of the paper
Pairs = tuple[Tensor, Tensor] | None


@runtime_checkable
class Tuned(Protocol):
    """A plan whose weights are tuned for each row."""

    steps: int

    def start(self, rows: int) -> Tensor:
        """Return the logits of its weights before any step, [rows, sites, sub-plans]."""
        ...


@runtime_checkable
class TunableComposition(Protocol):
    """A composition that takes weights for each row."""

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def tuned(self) -> Sequence[Tuned]:
        """The plans in it whose weights are tuned."""
        ...

    def scores(
        self,
        ids: Tensor,
        mask: Tensor,
        languages: Sequence[str],
        shares: Mapping[int, Tensor],
        pairs: Pairs,
    ) -> Tensor: ...


def sharpened(
    task: Task,
    composition: TunableComposition,
    rows: Sequence[Row],
    batch: tuple[Tensor, Tensor, Sequence[str]],
    *,
    pairs: Pairs = None,
) -> Tensor:
    """Return the logits of a batch, after each row's weights were tuned by the steps that the plans ask for.

    batch: piece ids and attention mask [rows, length], and the language of each row. pairs: the ids and mask
    of the paired texts, where the plan reads them.

    Raises TypeError for a task that scores no labels.
    """
    if not isinstance(task, ScoresUnits):
        raise TypeError(f"{task.name} has no probabilities of labels")
    plans, labels = composition.tuned, composition.labels
    shares = {id(own): own.start(len(rows)).to(batch[0].device) for own in plans}
    for step in range(max(own.steps for own in plans)):
        due = [shares[id(own)].requires_grad_() for own in plans if own.steps > step]
        with torch.enable_grad():
            logits = composition.scores(*batch, shares, pairs).float()
            entropies = [_entropy(task.link.logs(units, labels)) for units in task.pick(logits, rows)]
            total = torch.stack(entropies).sum()
            slopes = torch.autograd.grad(total, due, materialize_grads=True)  # some rows go another way
        for own, slope in zip(due, slopes, strict=True):
            own.requires_grad_(False).sub_(RATE * slope)
    return composition.scores(*batch, shares, pairs)


def _entropy(logs: Tensor) -> Tensor:
    """Return the mean entropy of a row's units. logs: log-probabilities [units, labels]."""
    return -(logs.exp() * logs).sum(-1).sum() / max(1, len(logs))
