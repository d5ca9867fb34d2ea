"""Weights by gradient, after SuperMerge (Yang, Zhang and Sathe 2024): tanh(a) times each plan's change.

There every layer has weights of its own; here a plan has one, so that the result can be printed as a plan.
"""

from __future__ import annotations

import math
from typing import Annotated

import torch
from pydantic import Field

from xling.composition.forms.form import Plan
from xling.composition.forms.sum import Sum
from xling.weighing.search import Problem, Search, rounded


class Gradient(Search):
    """Adam on the numbers under the tanh, from the mean of the plans; the weights of the least loss are kept.

    steps: how often the loss on all examples is computed, with its gradient. learning_rate: Adam's.
    """

    steps: Annotated[int, Field(gt=0, le=10**6)] = 40
    learning_rate: Annotated[float, Field(gt=0, le=100)] = 0.1

    def __call__(self, problem: Problem) -> Plan:
        count = len(problem.plans)
        start = math.atanh(min(1 / count, 0.5))  # of one plan alone: not at tanh's end, where nothing moves
        learned = torch.full((count,), start, requires_grad=True)
        optimizer = torch.optim.Adam([learned], lr=self.learning_rate)
        tried = []
        for step in range(self.steps):
            weights = learned.tanh()
            loss, slope = _loss_and_gradient(problem, weights.detach())
            tried.append((loss, rounded(weights.detach())))
            optimizer.zero_grad()
            weights.backward(slope)
            optimizer.step()
            problem.progress(step + 1, self.steps)
        return Sum(problem.plans, tuple(min(tried)[1]))


def _loss_and_gradient(problem: Problem, weights: torch.Tensor) -> tuple[float, torch.Tensor]:
    """Return the loss and its gradient; one batch at a time has a graph, so that all fit in memory."""
    weights = weights.requires_grad_()
    slope, total = torch.zeros_like(weights), 0.0
    for part in problem.parts(weights):
        total += float(part.detach())
        if part.requires_grad:
            slope += torch.autograd.grad(part, weights)[0]
    return total, slope


SEARCH = Gradient
