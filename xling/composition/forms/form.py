"""The interface of every form of plan: a frozen value that prints to text and, with its modules, computes.

A plan names modules, and the store loads them. `grow` puts the modules in place of the names; the same
forms then compute what the plan does at each site. So each form is written once, in one file, and residuals
and norms are applied once, however plans are nested.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from torch import Tensor

from xling.composition.folding import Folding
from xling.errors import PlanError
from xling.sites import Hidden, LabelScores, LinearState, Place, ResidualState, Rows

if TYPE_CHECKING:
    from xling.composition.forms.single import Loaded

Map = Callable[[Hidden, Rows], Hidden]


@dataclass(frozen=True)
class HeadState:
    """The input of a plan's heads.

    states: the last layer's hidden states [rows, length, hidden]. rows: languages and mask of these rows.
    maps: functions to apply to the pooled states before a head reads them, the lowest first.
    """

    states: Tensor
    rows: Rows
    maps: tuple[Map, ...] = ()

    def above(self, map: Map) -> HeadState:
        """Return a copy with one more map, for the heads above a plan that maps pooled states."""
        return replace(self, maps=(*self.maps, map))

    def some(self, rows: slice | list[int]) -> HeadState:
        """Return a copy with only these rows."""
        return replace(self, states=self.states[rows], rows=self.rows.some(rows))

    def pooled(self, states: Hidden) -> Hidden:
        """Apply all maps to pooled states [rows, hidden], the lowest first."""
        return reduce(lambda value, map: map(value, self.rows), self.maps, states)


@runtime_checkable
class Plan(Protocol):
    """A plan, before or after its modules are loaded. A form derives from it, or has the same members.

    plans: its sub-plans, from left to right; code that searches a plan walks through them. by_language:
    whether it treats rows of different languages differently.
    """

    plans: tuple[Plan, ...]
    by_language: bool = False

    def __str__(self) -> str:
        """The plan's text, which `parse` reads back as the same value."""
        ...

    @property
    def scoring(self) -> Sequence[Plan]:
        """The sub-plans whose heads compute its scores."""
        return self.plans

    def over(self, plans: Sequence[Plan]) -> Plan:
        """Return the same form with other sub-plans, as many as before."""
        return replace(cast(Any, self), plans=tuple(plans))

    def grown(self) -> Plan:
        """Return the plan to use once all modules are loaded; raises PlanError when they conflict."""
        return self


@runtime_checkable
class Node(Plan, Protocol):
    """A plan with its modules loaded. A form that derives from it changes nothing where it says nothing."""

    def active(self, language: str) -> Iterator[Loaded]:
        """The modules that act on rows of a language; raises InputError when a route has no branch."""
        return (leaf for node in nodes(self) for leaf in node.active(language))

    def rewritten(self, units: Sequence[str], language: str) -> Sequence[str]:
        """Rewrite the units of a text in a language."""
        return units

    def increment(self, layer: int, place: Place, state: ResidualState) -> Hidden | None:
        """The sum to add at a residual site, `state.increment` from the plans below included."""
        return state.increment

    def linear_increment(self, place: str, state: LinearState) -> Tensor | None:
        """What to add to the outputs of a linear site, beyond its weight; None where nothing is added.

        place: the site's key, such as `0.attention.query`. Asked only at sites of `outputs_changed`.
        """
        return None

    def embed(self, states: Hidden, rows: Rows) -> Hidden:
        """Map the output of the embedding layer."""
        return states

    def unembed(self, states: Hidden, rows: Rows) -> Hidden:
        """Apply the inverse of `embed`."""
        return states

    def weight(self, below: Tensor, folding: Folding) -> Tensor:
        """Return the new value of parameter `folding.name`, or `below` itself when it does not change."""
        return below

    def pooled(self, states: Hidden, rows: Rows) -> Hidden:
        """Map the pooled states [rows, hidden] that a sequence classification head reads."""
        return states

    def scores(self, state: HeadState) -> Tensor | None:
        """Return the logits of the head; None when there is no head."""
        return None


@runtime_checkable
class CombinesScores(Plan, Protocol):
    """A form over complete plans: each scores the units on its own, and their label scores are combined."""

    def combined(self, said: Sequence[LabelScores]) -> LabelScores:
        """Combine label scores. said: one for each sub-plan, all for the same units."""
        ...


@runtime_checkable
class GoesByLanguage(Plan, Protocol):
    """A form that sends all rows of a language to one of its sub-plans."""

    def way(self, language: str) -> Plan:
        """Return the sub-plan for rows of a language; raises InputError when there is none."""
        ...


@runtime_checkable
class TunedByRow(Plan, Protocol):
    """A form that weights its sub-plans by what is tuned for each row while labels are predicted.

    steps: the number of steps of the tuning.
    """

    steps: int

    def start(self, rows: int) -> Tensor:
        """Return the logits of the weights that the tuning begins with, [rows, sites, sub-plans]."""
        ...


@runtime_checkable
class ActsOnOutputs(Plan, Protocol):
    """A form, or a module, that adds to the outputs of linear sites what no change of their weights adds.

    places: the keys of these sites, such as `0.attention.query`.
    """

    @property
    def places(self) -> Collection[str]: ...


def outputs_changed(plan: Plan) -> list[str]:
    """The keys of the linear sites to whose outputs a plan adds, each once."""
    found = (inner.places for inner in walk(plan) if isinstance(inner, ActsOnOutputs))
    return list(dict.fromkeys(place for places in found for place in places))


def combines(plan: Plan) -> bool:
    """Whether a plan, or one inside it, combines scores; such a plan computes no hidden states."""
    return any(isinstance(inner, CombinesScores) for inner in walk(plan))


def inner_ways(plan: Plan, language: str) -> Sequence[Plan]:
    """The sub-plans of a plan that combines scores to which rows of a language go."""
    return [plan.way(language)] if isinstance(plan, GoesByLanguage) else plan.plans


def acting(plan: Plan) -> Node:
    """Return a plan with loaded modules as a `Node`; raises PlanError when it combines scores instead."""
    if combines(plan):
        raise PlanError(
            f"{str(plan)!r} combines scores of labels and has no states of its own",
            where="--plan",
            hint="name one of the plans in it",
        )
    return cast(Node, plan)


def check_nesting(plan: Plan) -> None:
    """Raise PlanError when a sub-plan combines scores and the form around it needs hidden states."""
    within = next((inner for inner in plan.plans if combines(inner)), None)
    if within is not None and not (isinstance(plan, CombinesScores) or plan.by_language):
        raise PlanError(
            f"{str(within)!r} combines the scores of complete plans, so nothing can stand on or beside it "
            f"in {str(plan)!r}",
            where="--plan",
            hint="have it at the top or in a branch of vote or route, with the task in each of its plans",
        )


def nodes(plan: Plan) -> tuple[Node, ...]:
    """The sub-plans of a plan whose modules are loaded."""
    return cast(tuple[Node, ...], plan.plans)


def walk(plan: Plan) -> Iterator[Plan]:
    """Iterate over a plan and all plans inside it, outermost first."""
    yield plan
    for inner in plan.plans:
        yield from walk(inner)


def called(word: str, plans: Sequence[Plan], weights: Sequence[float] = ()) -> str:
    """Print a form as `word(plan, plan; weight, weight)`."""
    shares = f"; {', '.join(map(repr, weights))}" if weights else ""
    return f"{word}({', '.join(map(str, plans))}{shares})"
