"""Weighing a sum of plans: the task's loss on a handful of examples, a search over it, and what it found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor

from xling.bases.base import Base
from xling.composition.composed import Composition
from xling.composition.contents import Find
from xling.composition.forms.auto import Names, by_name
from xling.composition.forms.form import Plan
from xling.data.examples import TEXTS, Example
from xling.errors import InputError
from xling.evaluation.source_components import drawn_vectors
from xling.makers.composed_model import ComposedModel, PlannedTask, planned_task
from xling.tasks.inference import Progress, unheard
from xling.training.specs import TrainingSettings
from xling.training.task_objective import TaskData, TaskObjective
from xling.weighing.search import (
    Problem,
    Search,
    SentenceVectors,
    Unweighted,
    filled,
    sum_to_weigh,
    weighted,
)


@dataclass(frozen=True, kw_only=True)
class Shots:
    """What weights are found by.

    examples: labelled examples of the target. texts: lines of the text of each plan in the sum, by the plan's
    text; needed by searches that compare texts. seed: of random choices. progress: a function called with the
    number of trials done and of all trials.
    """

    examples: Sequence[Example]
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    seed: int = 0
    progress: Progress = unheard


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """A plan whose weights were found, and how it does on the examples that they were found by.

    plan: the whole plan. loss: the task's loss. loss_of_mean: the loss with the mean in the place of the sum.
    metric: the name of the task's metric. value: the metric in percent.
    """

    plan: Plan
    loss: float
    loss_of_mean: float
    metric: str
    value: float

    def row(self) -> dict[str, Any]:
        """Return the values as they are printed."""
        losses = {"loss": round(self.loss, 4), "loss_of_mean": round(self.loss_of_mean, 4)}
        return {"plan": str(self.plan), **losses, "metric": self.metric, "value": round(self.value, 2)}


def weigh(
    base: Base, plan: Plan, search: Search, *, find: Find, shots: Shots, names: Names = tuple
) -> Weighed:
    """Find the weights of the one sum in a plan that has none.

    find: a function from the name of a module to the module. names: a function that returns the names of all
    modules; those that `lang/*` stands for are named in the plan that is found. Nothing is trained but the
    weights.

    Raises PlanError when the plan has no such sum or several, or is not complete, and InputError when there
    is nothing to learn from.
    """
    plans = sum_to_weigh(plan).plans
    planned = planned_task(filled(plan, Unweighted), find, names)
    losses = Losses(base, planned, shots)
    problem = Problem(
        plans=plans,
        parts=lambda weights: losses.parts(filled(planned.node, partial(weighted, weights=weights))),
        vectors=lambda: _vectors(base, plans, shots),
        seed=shots.seed,
        progress=shots.progress,
    )
    found = search(problem)
    final = planned_task(by_name(filled(plan, lambda _: found), names), find)
    model = ComposedModel(base, final)
    predictions = model.predict(shots.examples)
    value = final.task.value(final.task.counts(shots.examples, predictions).sum(0))
    return Weighed(
        plan=final.plan,
        loss=loss_on(base, final, shots),
        loss_of_mean=problem.loss([1 / len(plans)] * len(plans)),
        metric=final.task.metric,
        value=float(value),
    )


@torch.no_grad()
def loss_on(base: Base, planned: PlannedTask, shots: Shots) -> float:
    """Return the task's loss on the examples under a plan."""
    return sum(float(part) for part in Losses(base, planned, shots).parts(planned.node))


class Losses:
    """The task's loss on the examples under plans of the same modules, whose rows are encoded once."""

    def __init__(self, base: Base, planned: PlannedTask, shots: Shots) -> None:
        self.composition = Composition(base, planned.node)
        settings = TrainingSettings(precision="float32", max_length=base.max_length)
        self.objective = TaskObjective(
            planned.task,
            self.composition,
            data=TaskData(planned.labels, shots.examples),
            settings=settings,
            seed=shots.seed,
        )
        batches = [self.objective.order.at(number) for number in range(self.objective.passes_per_epoch())]
        units = self.objective.units
        items = [sum(len(row.targets) for unit in batch for row in units[unit]) for batch in batches]
        self.shares = [own / sum(items) for own in items]

    def parts(self, node: Plan) -> Iterator[Tensor]:
        """Yield each batch's share of the mean loss over all scored items. node: a plan with its modules."""
        for number, share in enumerate(self.shares):
            self.composition.activate(node)  # anew, so that no folded weight keeps the graph of another batch
            yield share * self.objective.loss(number)[0]


def _vectors(base: Base, plans: Sequence[Plan], shots: Shots) -> SentenceVectors:
    names = list(map(str, plans))
    strange = next((name for name in shots.texts if name not in names), None)
    if strange is not None:
        raise InputError(f"{strange!r} is no plan of the sum", where="--text", choices=names)
    bare = next((name for name in names if not shots.texts.get(name)), None)
    if bare is not None:
        raise InputError(
            f"{bare} has no text to compare with the examples'",
            where="--text",
            hint=f"give some lines that it was trained on, or the like: --text {bare}=FILE",
        )
    target = [_text(example) for example in shots.examples]
    draw = partial(drawn_vectors, base, seed=shots.seed)
    return SentenceVectors(target=draw(target), own=[draw(list(shots.texts[name])) for name in names])


def _text(example: Example) -> str:
    """Return all texts of an example in one line."""
    values = (getattr(example, name, None) for name in TEXTS)
    return " ".join(value if isinstance(value, str) else " ".join(value) for value in values if value)
