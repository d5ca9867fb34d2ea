"""`fuse(a, b, c; fusion/abc)`: plans side by side, combined by a trained fusion module, which comes last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from xling.composition.forms.beside import one_text
from xling.composition.forms.form import HeadState, Node, Plan, called, nodes, walk
from xling.composition.forms.single import Loaded
from xling.errors import PlanError
from xling.sites import Combines, Hidden, Place, ResidualState

if TYPE_CHECKING:
    from xling.composition.grammar import Reader


@dataclass(frozen=True)
class Fuse(Node):
    """A learned combination of what several plans add to hidden states; they may do nothing else.

    plans: the plans to combine, then the fusion module.
    """

    plans: tuple[Plan, ...]

    word = "fuse"

    def __post_init__(self) -> None:
        if len(self.plans) < 3:
            raise PlanError(
                "fuse takes at least two plans, and behind a semicolon the module that combines them",
                where="--plan",
                hint="write fuse(task/a, task/b; fusion/ab)",
            )

    @classmethod
    def read(cls, reader: Reader) -> Plan:
        plans = reader.separated(reader.plan)
        return cls((*plans, reader.name())) if reader.passed(";") else cls(tuple(plans[:1]))

    def __str__(self) -> str:
        *branches, last = self.plans
        return f"{called(self.word, branches)[:-1]}; {last})"

    def grown(self) -> Plan:
        *branches, last = self.plans
        if not isinstance(last, Loaded) or self._part is None:
            raise PlanError(
                f"{last} has no part that combines plans", where="--plan", hint="name one that has"
            )
        for branch in branches:
            for leaf in walk(branch):
                if isinstance(leaf, Loaded) and _acts_elsewhere(leaf):
                    raise PlanError(
                        f"{leaf} does more than add to states, and fuse combines nothing else",
                        where="--plan",
                        hint="stack it below: lang/swh >> fuse(...)",
                    )
        return self

    @property
    def _part(self) -> Combines | None:
        last = self.plans[-1]
        networks = last.module.networks if isinstance(last, Loaded) else ()
        return next((part for part in networks if isinstance(part, Combines)), None)

    def rewritten(self, units: Sequence[str], language: str) -> Sequence[str]:
        return one_text(self, units, language)

    def increment(self, layer: int, place: Place, state: ResidualState) -> Hidden | None:
        found = [own_increment(node, layer, place, state) for node in nodes(self)[:-1]]
        if self._part is None or all(own is None for own in found):
            return state.increment
        nothing = torch.zeros_like(state.sublayer)
        together = self._part.combine(layer, place, state, [nothing if own is None else own for own in found])
        return together if state.increment is None else state.increment + together

    def scores(self, state: HeadState) -> Tensor | None:
        return nodes(self)[-1].scores(state)


def own_increment(node: Node, layer: int, place: Place, state: ResidualState) -> Hidden | None:
    """Return what a plan itself adds at a site, without the plans below; None when it does not act there."""
    parts = node.residual.get((layer, place), ()) if isinstance(node, Loaded) else ()
    if len(parts) == 1:
        return parts[0].own(layer, place, state)
    total = node.increment(layer, place, state)
    if total is None or total is state.increment:
        return None
    return total if state.increment is None else total - state.increment


def _acts_elsewhere(leaf: Loaded) -> bool:
    elsewhere = (leaf.weighers, leaf.embedders, leaf.poolers, leaf.rewriters, leaf.vocabulary)
    return any(elsewhere) or (leaf.head is not None and not leaf.residual)
