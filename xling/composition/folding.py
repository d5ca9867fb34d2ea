"""How a plan changes the encoder's parameters: each is folded once while nothing that changes it learns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from torch import Tensor

from xling.bases.base import Base
from xling.bases.precision import FLOAT32, computing_in
from xling.languages import UNKNOWN
from xling.sites import EncoderShape

if TYPE_CHECKING:
    from xling.composition.forms.form import Node

Kept = dict[tuple[int, str, str], tuple[Tensor, Tensor]]  # (plan, parameter, language): below, folded


@dataclass(frozen=True, kw_only=True)
class Folding:
    """One parameter on its way through a plan.

    language: of the rows that pass, where some part reads it. learning: the plans (by id) in which something
    learns. kept: what was folded before, shared by all foldings of a composition; None inside a plan that is
    kept whole.
    """

    name: str
    shape: EncoderShape
    language: str = UNKNOWN
    learning: frozenset[int] = frozenset()
    kept: Kept | None = None

    def through(self, node: Node, below: Tensor) -> Tensor:
        """The parameter's value above a plan."""
        if self.kept is None or id(node) in self.learning:
            return node.weight(below, self)
        key = (id(node), self.name, self.language)
        found = self.kept.get(key)
        if found is None or found[0] is not below:
            found = self.kept[key] = below, node.weight(below, replace(self, kept=None))
        return found[1]


def folded(
    base: Base,
    node: Node,
    names: Iterable[str],
    *,
    language: str = UNKNOWN,
    learning: frozenset[int] = frozenset(),
    kept: Kept | None = None,
) -> Mapping[str, Tensor]:
    """The changed ones among the encoder's parameters of these names.

    They are folded in float32, whatever the caller computes in: what is kept serves the next caller too.
    """
    values = {}
    with computing_in(FLOAT32, str(base.encoder.device)):
        for name in names:
            below = base.shape.parameters[name]
            value = Folding(
                name=name, shape=base.shape, language=language, learning=learning, kept=kept
            ).through(node, below)
            if value is not below:
                values[name] = value
    return values
