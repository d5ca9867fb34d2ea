"""`sum(a, b; 0.7, -0.2)`: what several plans change at each site, freely weighted and added up.

`0.5 * a` is the sum of one plan: `a` at half its strength.

Source: task arithmetic (Ilharco et al. 2023) for weights; the same sum is taken at every other site.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypeVar

from torch import Tensor

from xling.composition.folding import Folding
from xling.composition.forms.beside import Weighted, check_combiners, one_text
from xling.composition.forms.form import HeadState, Node, Plan, called, nodes, walk
from xling.composition.forms.single import Loaded
from xling.composition.forms.stack import Stack
from xling.errors import PlanError
from xling.languages import UNKNOWN
from xling.sites import Hidden, LinearState, Place, ResidualState, Rows

ValueT = TypeVar("ValueT", Tensor, Tensor | None)
_ROUNDING = 1e-12  # of weights that sum to one


@dataclass(frozen=True)
class Sum(Weighted, Node):
    """What lies below, plus each plan's change of it times its factor, at each site.

    Below scores lies nothing, so the scores of the plans that have a head are weighted and added; the others
    only change what these heads read. The weights are left out only where `xling module weigh` finds them.
    """

    word = "sum"
    least = 1

    def __str__(self) -> str:
        if len(self.plans) == len(self.weights) == 1:
            plan, strength = self.plans[0], self.weights[0]
            return f"{strength!r} * ({plan})" if isinstance(plan, Stack) else f"{strength!r} * {plan}"
        return called(self.word, self.plans, self.weights)

    @property
    def factors(self) -> Sequence[float | Tensor]:
        """What the change of each plan is multiplied by."""
        return self.weights

    def settled(self, weights: Sequence[float]) -> tuple[float, ...]:
        if any(not math.isfinite(weight) for weight in weights):
            raise PlanError(f"the weights of {self.word} must be finite: {tuple(weights)}", where="--plan")
        return tuple(float(weight) + 0.0 for weight in weights)  # no negative zero, which prints otherwise

    def grown(self) -> Plan:
        check_combiners(self.plans)
        if not len(self.factors):
            raise PlanError(
                f"{self} has no weights",
                where="--plan",
                hint="write one for each plan, sum(a, b; 0.7, -0.2), or find them: xling module weigh",
            )
        self._check_text()
        return self

    def rewritten(self, units: Sequence[str], language: str) -> Sequence[str]:
        return one_text(self, units, language)

    def increment(self, layer: int, place: Place, state: ResidualState) -> Hidden | None:
        return self._added(state.increment, [node.increment(layer, place, state) for node in nodes(self)])

    def linear_increment(self, place: str, state: LinearState) -> Tensor | None:
        return self._added(None, [node.linear_increment(place, state) for node in nodes(self)])

    def embed(self, states: Hidden, rows: Rows) -> Hidden:
        return self._added(states, [node.embed(states, rows) for node in nodes(self)])

    def unembed(self, states: Hidden, rows: Rows) -> Hidden:
        for language in set(rows.languages) or {UNKNOWN}:
            acting = [any(leaf.embedders for leaf in node.active(language)) for node in nodes(self)]
            factors = [factor for factor, acts in zip(self.factors, acting, strict=True) if acts]
            if factors not in ([], [1.0]):
                raise PlanError(
                    f"a {self.word} of invertible blocks has no inverse, "
                    "so no pieces can be predicted under it",
                    where="--plan",
                    hint="predict a task with it, or take one of its modules",
                )
        return reduce(lambda value, node: node.unembed(value, rows), nodes(self), states)

    def weight(self, below: Tensor, folding: Folding) -> Tensor:
        return self._added(below, [folding.through(node, below) for node in nodes(self)])

    def pooled(self, states: Hidden, rows: Rows) -> Hidden:
        return self._added(states, [node.pooled(states, rows) for node in nodes(self)])

    def scores(self, state: HeadState) -> Tensor | None:
        return self._added(None, [node.scores(state) for node in nodes(self)])

    def _check_text(self) -> None:
        """Raise PlanError when the one plan rewrites the text at some strength other than one."""
        writer = next((leaf for leaf in walk(self) if isinstance(leaf, Loaded) and leaf.rewriters), None)
        if writer is not None and len(self.plans) == 1 and self.factors[0] != 1:
            raise PlanError(
                f"{writer} rewrites the text, which {self} cannot do at a strength",
                where="--plan",
                hint=f"stack it below: {writer} >> 0.5 * lang/swh; or vote with the text as it stands",
            )

    def _added(self, below: ValueT, values: Sequence[ValueT]) -> ValueT:
        """Return `below` plus the weighted changes. values: `below` after each plan; itself if unchanged.

        The sum is taken as a share of `below`, which is often none, plus the weighted values. So one plan
        with the factor one is computed as if it stood alone.
        """
        changed = [
            (factor, value) for factor, value in zip(self.factors, values, strict=True) if value is not below
        ]
        if not changed:
            return below
        rest = 1.0 - sum(factor for factor, _ in changed)
        terms = [factor * value for factor, value in changed if value is not None]
        if below is not None and (isinstance(rest, Tensor) or abs(rest) > _ROUNDING):
            terms.insert(0, rest * below)
        return sum(terms[1:], terms[0])
