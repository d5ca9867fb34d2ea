"""An ensemble: several complete plans on one base, whose label scores are combined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xling.bases.base import Base
from xling.composition.composed import Composition
from xling.composition.contents import complete_plans
from xling.composition.forms.auto import divider, listener
from xling.composition.forms.form import CombinesScores, Plan, combines, inner_ways
from xling.sites import LabelScores


class Ensemble:
    """A base under several complete plans whose label scores are combined; the base is never changed."""

    def __init__(self, base: Base, plan: Plan) -> None:
        self.base, self.node = base, plan
        self.identify, self.divide = listener(plan), divider(plan)
        self._members = {id(own): Composition(base, own) for own in complete_plans(plan)}

    def members(self, language: str) -> list[Composition]:
        """The compositions that score rows of a language, from left to right."""
        return [self._members[id(own)] for own in _on_the_way(self.node, language)]

    def combined(self, said: Sequence[LabelScores], language: str) -> LabelScores:
        """Combine the label scores of a language's members. said: one for each member, in their order."""
        return _together(self.node, iter(said), language)


def composed(base: Base, plan: Plan) -> Composition | Ensemble:
    """Return a base under a plan with loaded modules: an `Ensemble` if the plan combines scores."""
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
