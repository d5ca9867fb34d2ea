"""`mean(a, b; 2, 1)`: the weighted mean of the outputs of several plans at each site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from xling.composition.folding import Folding
from xling.composition.forms.beside import Weighted, one_text
from xling.composition.forms.form import HeadState, Node, nodes
from xling.errors import PlanError
from xling.languages import UNKNOWN
from xling.sites import Hidden, Place, ResidualState, Rows


@dataclass(frozen=True)
class Mean(Weighted, Node):
    """The weighted mean of plans: of their increments, embeddings, weights, pooled states and scores."""

    word = "mean"

    def rewritten(self, units: Sequence[str], language: str) -> Sequence[str]:
        return one_text(self, units, language)

    def increment(self, layer: int, place: Place, state: ResidualState) -> Hidden | None:
        found = [node.increment(layer, place, state) for node in nodes(self)]
        pairs = [(share, own) for share, own in zip(self.shares, found, strict=True) if own is not None]
        return sum((share * own for share, own in pairs[1:]), pairs[0][0] * pairs[0][1]) if pairs else None

    def embed(self, states: Hidden, rows: Rows) -> Hidden:
        return self._mean(states, [node.embed(states, rows) for node in nodes(self)])

    def unembed(self, states: Hidden, rows: Rows) -> Hidden:
        languages = set(rows.languages) or {UNKNOWN}
        if any(leaf.embedders for language in languages for leaf in self.active(language)):
            raise PlanError(
                "a mean of invertible blocks has no inverse, so no pieces can be predicted under it",
                where="--plan",
                hint="predict a task with it, or take one of its modules",
            )
        return states

    def weight(self, below: Tensor, folding: Folding) -> Tensor:
        return self._mean(below, [folding.through(node, below) for node in nodes(self)])

    def pooled(self, states: Hidden, rows: Rows) -> Hidden:
        return self._mean(states, [node.pooled(states, rows) for node in nodes(self)])

    def scores(self, state: HeadState) -> Tensor | None:
        found = [node.scores(state) for node in nodes(self)]
        kept = [scores for scores in found if scores is not None]
        return self._mean(None, kept) if kept else None

    def _mean(self, unchanged: Tensor | None, values: Sequence[Tensor]) -> Tensor:
        if all(value is unchanged for value in values):
            return values[0]
        first, *rest = (share * value for share, value in zip(self.shares, values, strict=True))
        return sum(rest, first)
