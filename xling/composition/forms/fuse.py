"""`fuse(a, b, c; fusion/abc)`: plans side by side, combined by a trained fusion module, which comes last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from xling.composition.forms.beside import one_text
from xling.composition.forms.form import HeadState, Node, Plan, called, nodes, walk
from xling.composition.forms.increments import check_adding, own_increments
from xling.composition.forms.single import NEW, Loaded
from xling.errors import PlanError
from xling.sites import Combines, Hidden, Place, ResidualState

if TYPE_CHECKING:
    from xling.composition.grammar import Reader


@dataclass(frozen=True)
class Fuse(Node):
    """A learned combination of what several plans add to hidden states; they may do nothing else.

    plans: the plans to combine, then the module that combines them. Its head computes the scores, if it has
    one; the heads of the others are not used.
    """

    plans: tuple[Plan, ...]

    word = "fuse"

    @classmethod
    def read(cls, reader: Reader) -> Plan:
        """Parse plans separated by commas and, after a semicolon, a module; without one, `new` is meant."""
        plans = reader.separated(reader.plan)
        return cls((*plans, reader.name() if reader.passed(";") else NEW))

    def __str__(self) -> str:
        *branches, last = self.plans
        return f"{called(self.word, branches)[:-1]}; {last})"

    @property
    def scoring(self) -> Sequence[Plan]:
        return self.plans[-1:]

    def grown(self) -> Plan:
        """Return the plan itself; raises PlanError when the last module cannot combine the others."""
        *branches, last = self.plans
        if self._part is None:
            raise PlanError(
                f"{last} has no part that combines plans", where="--plan", hint="name one that has"
            )
        if self._part.branches != len(branches):
            raise PlanError(
                f"{last} combines {self._part.branches} plans, not {len(branches)}", where="--plan"
            )
        check_adding(branches, self.word)
        sites = set(self._part.sites)
        for leaf in (leaf for branch in branches for leaf in walk(branch) if isinstance(leaf, Loaded)):
            if odd := next((site for site in leaf.residual if site not in sites), None):
                raise PlanError(
                    f"{leaf} acts {' '.join(odd[1].split('_'))} in layer {odd[0]}, where {last} combines "
                    "nothing",
                    where="--plan",
                    hint="train a fusion with parts.places and parts.leave_out of the modules that it fuses",
                )
        return self

    @property
    def _part(self) -> Combines | None:
        last = self.plans[-1]
        return last.combiner if isinstance(last, Loaded) else None

    def rewritten(self, units: Sequence[str], language: str) -> Sequence[str]:
        return one_text(self, units, language)

    def increment(self, layer: int, place: Place, state: ResidualState) -> Hidden | None:
        found = own_increments(nodes(self)[:-1], layer, place, state)
        if self._part is None or found is None:
            return state.increment
        together = self._part.combine(layer, place, state, found)
        return together if state.increment is None else state.increment + together

    def scores(self, state: HeadState) -> Tensor | None:
        return nodes(self)[-1].scores(state)


def fused_by(plan: Plan, combiner: Plan) -> int:
    """Return how many plans a module combines in a plan; 0 when it stands in no `fuse` as the last."""
    found = (inner.plans for inner in walk(plan) if isinstance(inner, Fuse))
    return next((len(plans) - 1 for plans in found if plans[-1] == combiner), 0)
