"""`drop(task/ner; 0, 1, 2)`: a plan without what it adds in some layers (AdapterDrop, Rücklé et al. 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from xling.composition.forms.form import HeadState, Node, Plan, nodes, walk
from xling.composition.forms.single import Loaded
from xling.composition.forms.stack import replaced
from xling.errors import PlanError
from xling.sites import Hidden, LinearState, Place, ResidualState, Rows

if TYPE_CHECKING:
    from xling.composition.grammar import Reader


def without_lowest(plan: Plan, module: Plan, count: int) -> Plan:
    """Return a plan in which one module adds nothing to the states of the `count` lowest layers."""
    return replaced(plan, {module: Drop((module,), tuple(range(count)))}) if count else plan


@dataclass(frozen=True)
class Drop(Node):
    """A plan whose modules add nothing to the states of some layers.

    plans: one plan. layers: the numbers of the layers, from 0, in order.
    """

    plans: tuple[Plan, ...]
    layers: tuple[int, ...]

    word = "drop"

    def __post_init__(self) -> None:
        numbers = tuple(sorted(set(self.layers)))
        if not numbers or numbers[0] < 0:
            hint = "write drop(task/ner; 0, 1)"
            raise PlanError("drop takes numbers of layers, from 0", where="--plan", hint=hint)
        object.__setattr__(self, "layers", numbers)

    @classmethod
    def read(cls, reader: Reader) -> Plan:
        """Parse a plan and, after a semicolon, the numbers of layers."""
        plan = reader.plan()
        reader.expect(";")
        return cls((plan,), tuple(reader.separated(reader.count)))

    def __str__(self) -> str:
        return f"{self.word}({self.plans[0]}; {', '.join(map(str, self.layers))})"

    def grown(self) -> Plan:
        weigher = next((leaf for leaf in walk(self) if isinstance(leaf, Loaded) and leaf.weighers), None)
        if weigher is not None:
            raise PlanError(
                f"{weigher} changes weights, and drop leaves out what is added to states",
                where="--plan",
                hint="train it with --set parts.leave_out='[0, 1]'",
            )
        return self

    def rewritten(self, units: Sequence[str], language: str) -> Sequence[str]:
        return nodes(self)[0].rewritten(units, language)

    def increment(self, layer: int, place: Place, state: ResidualState) -> Hidden | None:
        return state.increment if layer in self.layers else nodes(self)[0].increment(layer, place, state)

    def linear_increment(self, place: str, state: LinearState) -> Tensor | None:
        layer = int(place.partition(".")[0])
        return None if layer in self.layers else nodes(self)[0].linear_increment(place, state)

    def embed(self, states: Hidden, rows: Rows) -> Hidden:
        return nodes(self)[0].embed(states, rows)

    def unembed(self, states: Hidden, rows: Rows) -> Hidden:
        return nodes(self)[0].unembed(states, rows)

    def pooled(self, states: Hidden, rows: Rows) -> Hidden:
        return nodes(self)[0].pooled(states, rows)

    def scores(self, state: HeadState) -> Tensor | None:
        return nodes(self)[0].scores(state)
