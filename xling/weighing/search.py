"""What a search for weights is told and returns, and the sum in a plan whose weights it finds."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from xling.composition.forms.form import Plan, walk
from xling.composition.forms.mean import Mean
from xling.composition.forms.stack import replaced
from xling.composition.forms.sum import Sum
from xling.errors import PlanError
from xling.tasks.inference import Progress
from xling.training.specs import Specification

Weights = Sequence[float] | Float[Tensor, " plans"]
_DIGITS = 4  # of a weight in a printed plan


@dataclass(frozen=True, kw_only=True)
class SentenceVectors:
    """Mean last states of the base alone. target: of the examples. own: of the texts of each plan."""

    target: Float[Tensor, "texts hidden"]
    own: Sequence[Float[Tensor, "lines hidden"]]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What a search may ask about the plans of a sum.

    plans: the plans, as they were written. parts: a function from their weights to the task's loss on the
    examples, in parts that add up; with weights that need a gradient, each part has a graph of its own.
    vectors: a function that gives vectors of the texts; it raises InputError when a plan has no text. seed:
    the seed of random choices. progress: a function called with the number of trials done and of all trials.
    """

    plans: tuple[Plan, ...]
    parts: Callable[[Weights], Iterator[Tensor]]
    vectors: Callable[[], SentenceVectors]
    seed: int
    progress: Progress

    @torch.no_grad()
    def loss(self, weights: Sequence[float]) -> float:
        """Return the task's loss on the examples under `sum(...; weights)`."""
        return sum(float(part) for part in self.parts(weights))


class Search(Specification):
    """A method that finds weights. Its fields are its options; a subclass gives their defaults."""

    @abstractmethod
    def __call__(self, problem: Problem) -> Plan:
        """Return the plan to put in the place of the sum."""


@dataclass(frozen=True, eq=False)
class Unweighted(Sum):
    """A sum whose modules may be loaded before its weights are known, or with weights that are a tensor."""

    tensor: Tensor | None = None

    @property
    def factors(self) -> Sequence[Tensor]:
        return () if self.tensor is None else list(self.tensor)

    def grown(self) -> Plan:
        return self


def rounded(weights: Weights) -> list[float]:
    """Return weights as they are printed; what is tried is what is printed."""
    return [round(float(weight), _DIGITS) for weight in weights]


def together(plans: Sequence[Plan]) -> Plan:
    """Return the mean of the plans, or the plan itself if it is the only one."""
    return Mean(tuple(plans)) if len(plans) > 1 else plans[0]


def weighted(plans: tuple[Plan, ...], weights: Weights) -> Plan:
    """Return the sum with these weights, which may be a tensor that needs a gradient."""
    if isinstance(weights, Tensor):
        return Unweighted(plans, tensor=weights)
    return Sum(plans, tuple(weights))


def sum_to_weigh(plan: Plan) -> Sum:
    """Return the sum in a plan that has no weights; raises PlanError unless there is exactly one."""
    found = [inner for inner in walk(plan) if _open(inner)]
    if len(found) != 1:
        raise PlanError(
            f"{len(found) or 'no'} sums without weights stand in {str(plan)!r}",
            where="--plan",
            hint="write one where the weights are to be found: lang/swh >> sum(task/a, task/b)",
        )
    (sum,) = found
    assert isinstance(sum, Sum)
    return sum


def filled(plan: Plan, make: Callable[[tuple[Plan, ...]], Plan]) -> Plan:
    """Return a plan with another form in the place of its sum without weights. make: of the sum's plans."""
    return replaced(plan, {own: make(own.plans) for own in walk(plan) if _open(own)})


def _open(plan: Plan) -> bool:
    return isinstance(plan, Sum) and not len(plan.factors)
