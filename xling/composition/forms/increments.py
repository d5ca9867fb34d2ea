"""What forms share that act on what plans add to hidden states, and on nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from xling.composition.forms.form import Node, Plan, walk
from xling.composition.forms.single import Loaded
from xling.errors import PlanError
from xling.sites import Hidden, Place, ResidualState


def own_increment(node: Node, layer: int, place: Place, state: ResidualState) -> Hidden | None:
    """Return what a plan itself adds at a site, without the plans below; None when it does not act there."""
    parts = node.residual.get((layer, place), ()) if isinstance(node, Loaded) else ()
    if len(parts) == 1:
        return parts[0].own(layer, place, state)
    total = node.increment(layer, place, state)
    if total is None or total is state.increment:
        return None
    return total if state.increment is None else total - state.increment


def own_increments(
    plans: Sequence[Node], layer: int, place: Place, state: ResidualState
) -> list[Hidden] | None:
    """Return what each plan itself adds at a site, zeros where it does not act; None when no plan acts."""
    found = [own_increment(node, layer, place, state) for node in plans]
    if all(own is None for own in found):
        return None
    nothing = torch.zeros_like(state.sublayer)
    return [nothing if own is None else own for own in found]


def check_adding(plans: Sequence[Plan], word: str) -> None:
    """Raise PlanError when a module in these plans does more than add to hidden states.

    word: the form around them.
    """
    for leaf in (leaf for plan in plans for leaf in walk(plan) if isinstance(leaf, Loaded)):
        below = (leaf.weighers, leaf.adders, leaf.embedders, leaf.rewriters, leaf.vocabulary)
        if any((*below, leaf.poolers)) or (leaf.head is not None and not leaf.residual):
            raise PlanError(
                f"{leaf} does more than add to states, and {word} acts on nothing else",
                where="--plan",
                hint=f"stack it below: lang/swh >> {word}(...)",
            )
