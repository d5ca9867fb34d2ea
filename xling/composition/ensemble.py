"""Plans whose scores are combined: a composition for each complete plan, all of them on one base."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xling.bases.base import Base
from xling.composition.composed import Composition
from xling.composition.contents import complete_plans
from xling.composition.forms.form import CombinesScores, Plan, combines, inner_ways
from xling.sites import LabelScores


class Ensemble:
    """A base, itself untouched, under several complete plans; what these say of labels becomes one."""

    def __init__(self, base: Base, plan: Plan) -> None:
        self.base, self.node = base, plan
        self._members = {id(own): Composition(base, own) for own in complete_plans(plan)}

    def members(self, language: str) -> list[Composition]:
        """The compositions that rows of a language go to, from left to right."""
        return [self._members[id(own)] for own in _on_the_way(self.node, language)]

    def combined(self, said: Sequence[LabelScores], language: str) -> LabelScores:
        """What the members of a language say together. said: of each of them, in their order."""
        return _together(self.node, iter(said), language)


def composed(base: Base, plan: Plan) -> Composition | Ensemble:
    """The base under a plan with its modules: one composition, or one for each complete plan in it."""
    return Ensemble(base, plan) if combines(plan) else Composition(base, plan)


def _on_the_way(plan: Plan, language: str) -> Iterator[Plan]:
    if not combines(plan):
        yield plan
        return
    for inner in inner_ways(plan, language):
        yield from _on_the_way(inner, language)


def _together(plan: Plan, said: Iterator[LabelScores], language: str) -> LabelScores:
    if not combines(plan):
        return next(said)
    found = [_together(inner, said, language) for inner in inner_ways(plan, language)]
    return plan.combined(found) if isinstance(plan, CombinesScores) else found[0]
