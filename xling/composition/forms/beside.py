"""What plans side by side must have in common: heads in all of them or in none, and one text."""

from __future__ import annotations

from collections.abc import Sequence

from xling.composition.forms.form import Plan, nodes, walk
from xling.composition.forms.single import Loaded
from xling.errors import PlanError


def has_head(plan: Plan) -> bool:
    """Whether some module in it is a task module."""
    return any(isinstance(inner, Loaded) and inner.head is not None for inner in walk(plan))


def check_heads(plan: Plan) -> None:
    """PlanError where only some of the plans side by side end in a task module."""
    if len(set(map(has_head, plan.plans))) > 1:
        raise PlanError(
            f"in {str(plan)!r} only some of the plans side by side have a task module",
            where="--plan",
            hint="give all of them one, or stack one task module on top: route(...) >> task/ner",
        )


def one_text(plan: Plan, units: Sequence[str], language: str) -> Sequence[str]:
    """The units as all plans side by side rewrite them; PlanError where they read different texts."""
    found = [list(node.rewritten(units, language)) for node in nodes(plan)]
    if any(own != found[0] for own in found[1:]):
        raise PlanError(
            f"the plans side by side in {str(plan)!r} rewrite the text, each in its own way",
            where="--plan",
            hint="stack what rewrites the text leftmost: lexicon/swh >> mean(...)",
        )
    return found[0]
