"""Plans as values: which modules act in which order. They print to text (`grammar` reads it back).

A plan names modules; what the names stand for is the store's business. A nesting that has no meaning
is refused when the value is made, with the rule.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from xling.errors import PlanError

ELSE = "*"


@dataclass(frozen=True)
class Empty:
    """The empty module, `none`."""

    def __str__(self) -> str:
        return "none"


@dataclass(frozen=True)
class Named:
    """A module of the store, with the revision or content fingerprint it must have, if any."""

    name: str
    revision: str | None = None

    def __str__(self) -> str:
        return self.name if self.revision is None else f"{self.name}@{self.revision}"


@dataclass(frozen=True)
class Stack:
    """Plans one on top of the other, the lowest first; at least two, none of them a stack."""

    plans: tuple[Plan, ...]

    def __str__(self) -> str:
        return " >> ".join(map(str, self.plans))


@dataclass(frozen=True)
class Mean:
    """The weighted mean of what plans add at each site. Weights are shares: 2 and 1 are two thirds and one.

    No weights are equal weights, and equal weights are kept as none.
    """

    plans: tuple[Plan, ...]
    weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", _shares("mean", self.plans, self.weights))

    def __str__(self) -> str:
        return _call("mean", self.plans, self.weights)


@dataclass(frozen=True)
class Average:
    """One module whose parameters are the weighted mean of those of modules of one make (AdapterSoup)."""

    plans: tuple[Plan, ...]
    weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for plan in self.plans:
            if not isinstance(plan, Named):
                raise PlanError(
                    f"average takes names of modules, not {str(plan)!r}: it averages their parameters",
                    where="--plan",
                    hint="mean(...) averages what plans of any form add",
                )
        object.__setattr__(self, "weights", _shares("average", self.plans, self.weights))

    def __str__(self) -> str:
        return _call("average", self.plans, self.weights)


@dataclass(frozen=True)
class Route:
    """Each row goes through the plan of its own language, others through that of `*` where there is one."""

    branches: tuple[tuple[str, Plan], ...]

    def __post_init__(self) -> None:
        keys = [key for key, _ in self.branches]
        if not keys:
            raise PlanError("route has no branch", where="--plan", hint="write route(swh: lang/swh, *: none)")
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise PlanError(f"route has two branches for {twice}", where="--plan", hint="keep one of them")
        for key, plan in self.branches:
            if any(isinstance(inner, Route) for inner in _walk(plan)):
                raise PlanError(
                    f"a route inside the branch {key} of a route: its rows are of one language already",
                    where="--plan",
                    hint="write one route with all languages",
                )

    def __str__(self) -> str:
        return f"route({', '.join(f'{key}: {plan}' for key, plan in self.branches)})"


Plan = Empty | Named | Stack | Mean | Average | Route


def stack(*plans: Plan) -> Plan:
    """`a >> b >> ...`, flat; nothing is `none`, one plan is itself."""
    flat: list[Plan] = []
    for plan in plans:
        flat += plan.plans if isinstance(plan, Stack) else [plan]
    return Stack(tuple(flat)) if len(flat) > 1 else flat[0] if flat else Empty()


def named(plan: Plan) -> Iterator[Named]:
    """The names in a plan, from left to right."""
    return (part for part in _walk(plan) if isinstance(part, Named))


def _walk(plan: Plan) -> Iterator[Plan]:
    yield plan
    if isinstance(plan, Route):
        inner: tuple[Plan, ...] = tuple(branch for _, branch in plan.branches)
    else:
        inner = () if isinstance(plan, Empty | Named) else plan.plans
    for part in inner:
        yield from _walk(part)


def _shares(name: str, plans: tuple[Plan, ...], weights: tuple[float, ...]) -> tuple[float, ...]:
    if len(plans) < 2:
        raise PlanError(f"{name} takes at least two plans, not {len(plans)}", where="--plan")
    if weights and len(weights) != len(plans):
        raise PlanError(f"{name} of {len(plans)} plans has {len(weights)} weights", where="--plan")
    if any(not math.isfinite(weight) or weight <= 0 for weight in weights):
        raise PlanError(f"the weights of {name} must be above zero: {weights}", where="--plan")
    return () if len(set(weights)) == 1 else tuple(map(float, weights))


def _call(name: str, plans: tuple[Plan, ...], weights: tuple[float, ...]) -> str:
    shares = f"; {', '.join(map(repr, weights))}" if weights else ""
    return f"{name}({', '.join(map(str, plans))}{shares})"
