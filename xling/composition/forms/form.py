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
from xling.errors import PlanError
from xling.sites import Hidden, LabelScores, Place, ResidualState, Rows

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


@runtime_checkable
class CombinesScores(Plan, Protocol):
    """A form over complete plans: each reads the units by itself, and what they say of labels becomes one."""

    def combined(self, said: Sequence[LabelScores]) -> LabelScores:
        """What the plans inside say together. said: of each of them, about the same units."""
        ...


@runtime_checkable
class GoesByLanguage(Plan, Protocol):
    """A form in which rows of one language all go through one of the plans inside."""

    def way(self, language: str) -> Plan:
        """The plan that rows of a language go through; InputError where there is none."""
        ...


def combines(plan: Plan) -> bool:
    """Whether it, or a plan inside it, combines scores: then it has no states of its own."""
    return any(isinstance(inner, CombinesScores) for inner in walk(plan))


def inner_ways(plan: Plan, language: str) -> Sequence[Plan]:
    """The plans inside that rows of a language go to, of one that combines scores."""
    return [plan.way(language)] if isinstance(plan, GoesByLanguage) else plan.plans


def acting(plan: Plan) -> Node:
    """A plan with its modules as what acts on states; PlanError for one that combines scores instead."""
    if combines(plan):
        raise PlanError(
            f"{str(plan)!r} combines scores of labels and has no states of its own",
            where="--plan",
            hint="name one of the plans in it",
        )
    return cast(Node, plan)


def check_nesting(plan: Plan) -> None:
    """PlanError where a plan inside combines scores and the form around it needs its states."""
    within = next((inner for inner in plan.plans if combines(inner)), None)
    if within is not None and not isinstance(plan, CombinesScores | GoesByLanguage):
        raise PlanError(
            f"{str(within)!r} combines the scores of complete plans, so nothing can stand on or beside it "
            f"in {str(plan)!r}",
            where="--plan",
            hint="have it at the top or in a branch of vote or route, with the task in each of its plans",
        )


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
