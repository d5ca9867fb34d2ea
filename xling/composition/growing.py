"""From a plan of names to one of modules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from xling.composition.forms.form import Node, Plan
from xling.composition.forms.single import Loaded, Named
from xling.composition.forms.stack import Stack
from xling.modules.module import Module

Find = Callable[[Named], Module]


def grow(plan: Plan, find: Find) -> Node:
    """The plan with a module in place of every name. find: gives the module of a name.

    Raises PlanError where modules do not go together in their places.
    """
    if isinstance(plan, Named):
        return Loaded(find(plan))
    return cast(Node, plan.over([grow(inner, find) for inner in plan.plans]).grown())


def stacked(modules: Sequence[Module]) -> Node:
    """Modules one on top of the other, the lowest first."""
    return Stack(tuple(map(Loaded, modules)))
