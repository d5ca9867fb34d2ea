"""From a plan to a node: every name gets its module."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xling.composition.averaging import average
from xling.composition.contents import leaves_of
from xling.composition.nodes import Blend, Fold, Fork, Leaf, Node
from xling.composition.plan import ELSE, Average, Empty, Mean, Named, Plan, Route, named
from xling.errors import PlanError
from xling.modules.module import Module

Find = Callable[[Named], Module]


def grow(plan: Plan, find: Find) -> Node:
    """The node of a plan; `find` gives the module of a name.

    Raises PlanError where only some of the plans side by side end in a task module.
    """
    if isinstance(plan, Empty):
        return Fold(())
    if isinstance(plan, Named):
        return Leaf(find(plan))
    if isinstance(plan, Average):
        weights = plan.weights or (1.0,) * len(plan.plans)
        return Leaf(average([find(name) for name in named(plan)], weights))
    if isinstance(plan, Mean):
        weights = plan.weights or (1.0,) * len(plan.plans)
        nodes = tuple(grow(inner, find) for inner in plan.plans)
        _check_heads(plan, nodes)
        return Blend(nodes, tuple(weight / sum(weights) for weight in weights))
    if isinstance(plan, Route):
        grown = {key: grow(inner, find) for key, inner in plan.branches}
        _check_heads(plan, tuple(grown.values()))
        return Fork({key: node for key, node in grown.items() if key != ELSE}, grown.get(ELSE))
    return Fold(tuple(grow(inner, find) for inner in plan.plans))


def stacked(modules: Sequence[Module]) -> Node:
    """Modules one on top of the other, the lowest first."""
    return Fold(tuple(map(Leaf, modules)))


def has_head(node: Node) -> bool:
    """Whether some module in it is a task module."""
    return any(leaf.head is not None for leaf in leaves_of(node))


def _check_heads(plan: Plan, nodes: tuple[Node, ...]) -> None:
    if len(set(map(has_head, nodes))) > 1:
        raise PlanError(
            f"in {str(plan)!r} only some of the plans side by side have a task module",
            where="--plan",
            hint="give all of them one, or stack one task module on top: route(...) >> task/ner",
        )
