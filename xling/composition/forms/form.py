"""What every form of plan is: a frozen value that prints to text and, once its names stand for modules, acts.

A plan names modules; what the names stand for is the store's business. `grow` puts the modules in: the same
forms then answer, site by site, what they do there. So a form is written once, in one file, and residuals
and norms are applied once, whatever the nesting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from torch import Tensor

from xling.composition.folding import Folding
from xling.sites import Hidden, Place, ResidualState, Rows

if TYPE_CHECKING:
    from xling.composition.forms.single import Loaded

Map = Callable[[Hidden, Rows], Hidden]


@dataclass(frozen=True)
class HeadState:
    """What a plan shows its heads: the last states [rows, length, hidden] of rows, and how what is pooled
    from them is mapped before a head reads it.
    """

    states: Tensor
    rows: Rows
    maps: tuple[Map, ...] = ()

    def above(self, map: Map) -> HeadState:
        """The same for what stands above a plan that maps pooled states."""
        return replace(self, maps=(*self.maps, map))

    def some(self, rows: slice | list[int]) -> HeadState:
        """The same for some of the rows."""
        return replace(self, states=self.states[rows], rows=self.rows.some(rows))

    def pooled(self, states: Hidden) -> Hidden:
        """Pooled states through all maps, the lowest first."""
        return reduce(lambda value, map: map(value, self.rows), self.maps, states)


@runtime_checkable
class Plan(Protocol):
    """A form of plan as a value.

    plans: those inside it, from left to right; whoever looks for something in a plan finds it through them.
    by_language: whether rows of different languages go different ways in it.
    """

    @property
    def plans(self) -> tuple[Plan, ...]: ...

    @property
    def by_language(self) -> bool: ...

    def __str__(self) -> str:
        """The text that the grammar reads back as this value."""
        ...

    def over(self, plans: Sequence[Plan]) -> Plan:
        """The same form over other plans, as many as it has."""
        ...

    def grown(self) -> Plan:
        """What stands in its place once the plans inside have their modules; PlanError where these clash."""
        ...


@runtime_checkable
class Node(Plan, Protocol):
    """A plan with its modules in place. None, or the value unchanged, where it does nothing."""

    def active(self, language: str) -> Iterator[Loaded]:
        """The modules that act on rows of a language; InputError where there is no way for them."""
        ...

    def rewritten(self, units: Sequence[str], language: str) -> Sequence[str]:
        """The units of a text of a language, rewritten."""
        ...

    def increment(self, layer: int, place: Place, state: ResidualState) -> Hidden | None:
        """The total increment at a residual site, on top of `state.increment`."""
        ...

    def embed(self, states: Hidden, rows: Rows) -> Hidden:
        """The embedding block's output, mapped."""
        ...

    def unembed(self, states: Hidden, rows: Rows) -> Hidden:
        """The inverse of `embed`."""
        ...

    def weight(self, below: Tensor, folding: Folding) -> Tensor:
        """The value of the parameter that is folded; `below` itself where it is kept."""
        ...

    def pooled(self, states: Hidden, rows: Rows) -> Hidden:
        """What a head of whole texts reads, mapped."""
        ...

    def scores(self, state: HeadState) -> Tensor | None:
        """The head's scores of labels, if there is a head."""
        ...


def nodes(plan: Plan) -> tuple[Node, ...]:
    """The plans inside one that has grown."""
    return cast(tuple[Node, ...], plan.plans)


def walk(plan: Plan) -> Iterator[Plan]:
    """The plan and all inside it."""
    yield plan
    for inner in plan.plans:
        yield from walk(inner)


def called(word: str, plans: Sequence[Plan], weights: Sequence[float] = ()) -> str:
    """`word(plan, plan; weight, weight)`."""
    shares = f"; {', '.join(map(repr, weights))}" if weights else ""
    return f"{word}({', '.join(map(str, plans))}{shares})"
