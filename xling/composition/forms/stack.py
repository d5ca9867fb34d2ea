"""`a >> b >> c`: plans stacked on each other, the lowest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import torch
from torch import Tensor

from xling.composition.folding import Folding
from xling.composition.forms.arrow import check_scaled
from xling.composition.forms.beside import check_combiners, has_head
from xling.composition.forms.form import HeadState, Node, Plan, nodes, walk
from xling.composition.forms.single import Empty, Loaded
from xling.errors import PlanError
from xling.sites import Hidden, LinearState, Place, ResidualState, Rows


@dataclass(frozen=True)
class Stack(Node):
    """Plans stacked on each other; the topmost head computes the scores.

    plans: at least two, the lowest first, none of them a stack.
    """

    plans: tuple[Plan, ...]

    def __str__(self) -> str:
        return " >> ".join(map(str, self.plans))

    def grown(self) -> Plan:
        check_combiners(self.plans)
        check_scaled(self.plans)
        scored = max((place for place, plan in enumerate(self.plans) if has_head(plan)), default=0)
        below = tuple(map(_headless, self.plans[:scored]))
        return Stack((*below, *self.plans[scored:]))._checked()

    def _checked(self) -> Plan:
        first = next((place for place, plan in enumerate(self.plans) if not _only_rewrites(plan)), None)
        late = None if first is None else next(filter(_rewrites, self.plans[first:]), None)
        if late is not None:
            raise PlanError(
                f"{late} rewrites the text, and stands above what reads the text's pieces",
                where="--plan",
                hint="write it leftmost",
            )
        return self

    def rewritten(self, units: Sequence[str], language: str) -> Sequence[str]:
        return reduce(lambda found, node: node.rewritten(found, language), nodes(self), units)

    def increment(self, layer: int, place: Place, state: ResidualState) -> Hidden | None:
        for node in nodes(self):
            state = state.under(node.increment(layer, place, state))
        return state.increment

    def linear_increment(self, place: str, state: LinearState) -> Tensor | None:
        found = (node.linear_increment(place, state) for node in nodes(self))
        kept = [own for own in found if own is not None]
        return reduce(torch.add, kept) if kept else None

    def embed(self, states: Hidden, rows: Rows) -> Hidden:
        return reduce(lambda value, node: node.embed(value, rows), nodes(self), states)

    def unembed(self, states: Hidden, rows: Rows) -> Hidden:
        return reduce(lambda value, node: node.unembed(value, rows), reversed(nodes(self)), states)

    def weight(self, below: Tensor, folding: Folding) -> Tensor:
        return reduce(lambda value, node: folding.through(node, value), nodes(self), below)

    def pooled(self, states: Hidden, rows: Rows) -> Hidden:
        return reduce(lambda value, node: node.pooled(value, rows), nodes(self), states)

    def scores(self, state: HeadState) -> Tensor | None:
        found = None
        for node in nodes(self):
            own = node.scores(state)
            found = found if own is None else own
            state = state.above(node.pooled) if _maps_pooled(node) else state
        return found


def stack(*plans: Plan) -> Plan:
    """Stack plans, nested stacks flattened; one plan is returned as it is, no plan gives `none`."""
    flat: list[Plan] = []
    for plan in plans:
        flat += plan.plans if isinstance(plan, Stack) else [plan]
    return Stack(tuple(flat)) if len(flat) > 1 else flat[0] if flat else Empty()


def replaced(plan: Plan, others: Mapping[Plan, Plan]) -> Plan:
    """Return a plan with others in the place of some; a stack that comes to stand in a stack is flattened.

    others: what to put in the place of a plan, of which nothing is looked into.
    """
    if plan in others:
        return others[plan]
    parts = [replaced(inner, others) for inner in plan.plans]
    return stack(*parts) if isinstance(plan, Stack) else plan.over(parts)


def _headless(plan: Plan) -> Plan:
    """Return a plan where modules that several tasks share have no head, since another one scores."""
    if isinstance(plan, Loaded):
        return replace(plan, module=plan.module.of_task(None)) if plan.module.facts.heads else plan
    return plan.over(list(map(_headless, plan.plans)))


def _rewrites(plan: Plan) -> bool:
    return any(isinstance(inner, Loaded) and inner.rewriters for inner in walk(plan))


def _maps_pooled(plan: Plan) -> bool:
    return any(isinstance(inner, Loaded) and inner.poolers for inner in walk(plan))


def _only_rewrites(plan: Plan) -> bool:
    """Whether all parts of a plan's modules only rewrite the text."""
    leaves = [inner for inner in walk(plan) if isinstance(inner, Loaded)]
    return all(len(leaf.rewriters) == len(leaf.module.parts) for leaf in leaves)
