"""What plans side by side share: weights, and checks that their heads, labels and input text agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from xling.composition.forms.form import Plan, called, nodes
from xling.composition.forms.single import Loaded
from xling.errors import PlanError
from xling.modules.module import Facts

if TYPE_CHECKING:
    from xling.composition.grammar import Reader


@dataclass(frozen=True)
class Weighted(Plan):
    """Base class of the forms with weights, `word(plan, plan; 2, 1)`: how they are parsed and printed.

    plans: the plans that are combined. weights: one for each plan; only their ratio matters (2 and 1 mean
    two thirds and one third). Equal weights are stored as an empty tuple. word: the form's name in a plan's
    text. least: the smallest number of plans that it accepts.
    """

    plans: tuple[Plan, ...]
    weights: tuple[float, ...] = ()

    word: ClassVar[str]
    least: ClassVar[int] = 2

    def __post_init__(self) -> None:
        """Raise PlanError for too few plans, a wrong number of weights, or a weight that is not allowed."""
        word, count, weights = self.word, len(self.plans), self.weights
        if count < self.least:
            least = "two plans" if self.least == 2 else "one plan"
            raise PlanError(f"{word} takes at least {least}, not {count}", where="--plan")
        if weights and len(weights) != count:
            raise PlanError(f"{word} of {count} plans has {len(weights)} weights", where="--plan")
        object.__setattr__(self, "weights", self.settled(weights))

    def settled(self, weights: Sequence[float]) -> tuple[float, ...]:
        """Return the weights as they are stored; raises PlanError when one is not above zero."""
        if any(not math.isfinite(weight) or weight <= 0 for weight in weights):
            raise PlanError(
                f"the weights of {self.word} must be above zero: {tuple(weights)}", where="--plan"
            )
        return () if len(set(weights)) == 1 else tuple(map(float, weights))

    @classmethod
    def read(cls, reader: Reader) -> Plan:
        """Parse plans separated by commas and, after a semicolon, their weights."""
        plans = tuple(reader.separated(reader.plan))
        return cls(plans, tuple(reader.separated(reader.number)) if reader.passed(";") else ())

    def __str__(self) -> str:
        return called(self.word, self.plans, self.weights)

    def grown(self) -> Plan:
        check_beside(self)
        return self

    @property
    def shares(self) -> tuple[float, ...]:
        """The weights, scaled to sum to one."""
        said = self.weights or (1.0,) * len(self.plans)
        return tuple(weight / sum(said) for weight in said)


def heads_in(plan: Plan) -> list[Facts]:
    """The metadata of the task modules whose heads compute a plan's scores, from left to right."""
    if isinstance(plan, Loaded):
        return [plan.module.facts] if plan.head is not None else []
    return [facts for inner in plan.scoring for facts in heads_in(inner)]


def has_head(plan: Plan) -> bool:
    """Whether a plan contains a task module."""
    return bool(heads_in(plan))


def check_labels(plans: Sequence[Plan]) -> None:
    """Raise PlanError, with the difference, when complete plans have different labels, in any order."""
    first, *rest = plans
    for other in rest:
        pairs = ((first, other), (other, first))
        own = [sorted(_labels(one) - _labels(two)) for one, two in pairs]
        told = [
            f"only {str(one)!r} knows {', '.join(names)}"
            for (one, _), names in zip(pairs, own, strict=True)
            if names
        ]
        if told:
            raise PlanError(
                f"the scores of plans with different labels cannot be combined: {'; '.join(told)}",
                where="--plan",
                hint="train their task modules on one label set",
            )


def check_beside(plan: Plan) -> None:
    """Raise PlanError when only some of the plans side by side have a task module, or one combines plans."""
    check_combiners(plan.plans)
    if len(set(map(has_head, plan.plans))) > 1:
        raise PlanError(
            f"in {str(plan)!r} only some of the plans side by side have a task module",
            where="--plan",
            hint="give all of them one, or stack one task module on top: route(...) >> task/ner",
        )


def check_combiners(plans: Sequence[Plan]) -> None:
    """Raise PlanError for a module among these plans that combines others, since here it has none."""
    for leaf in plans:
        if isinstance(leaf, Loaded) and leaf.combiner is not None:
            raise PlanError(
                f"{leaf} combines plans, and here it has none",
                where="--plan",
                hint=f"write fuse(a, b; {leaf}) with the plans that it was trained on",
            )


def one_text(plan: Plan, units: Sequence[str], language: str) -> Sequence[str]:
    """Return the units as the plans side by side rewrite them; raises PlanError when their results differ."""
    found = [list(node.rewritten(units, language)) for node in nodes(plan)]
    if any(own != found[0] for own in found[1:]):
        raise PlanError(
            f"the plans side by side in {str(plan)!r} rewrite the text, each in its own way",
            where="--plan",
            hint="stack what rewrites the text leftmost: lexicon/swh >> mean(...)",
        )
    return found[0]


def _labels(plan: Plan) -> set[str]:
    return {label for facts in heads_in(plan) for label in facts.labels}
