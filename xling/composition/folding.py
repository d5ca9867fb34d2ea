"""Compute the parameters that a plan changes; they are cached unless their modules are being trained."""

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

Kept = dict[tuple[int, str, str], tuple[Tensor, Tensor]]  # (plan, parameter, language): old, new value


@dataclass(frozen=True, kw_only=True)
class Folding:
    """What a plan needs to know to change one parameter of the encoder.

    name: the parameter's name. shape: the encoder's parameters and sites. language: the language of the rows,
    which some modules' weights depend on. learning: the ids of plans that contain a module in training. kept:
    the cache of values computed before, shared within a composition; None inside a plan whose result is
    cached as a whole.
    """

    name: str
    shape: EncoderShape
    language: str = UNKNOWN
    learning: frozenset[int] = frozenset()
    kept: Kept | None = None

    def through(self, node: Node, below: Tensor) -> Tensor:
        """Return the parameter's value after a plan. below: its value before."""
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
    """Return those of the named encoder parameters that a plan changes, with their new values.

    They are computed in float32 whatever precision the caller uses, since later callers share the cache.
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
