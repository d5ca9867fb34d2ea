"""`emea(lang/a, lang/b; 10)`: the mean of what plans add, with weights tuned for each example by its entropy.

Source: Wang et al. 2021 (EMEA, section 3). Every layer has weights of its own; they start equal, and a step
lowers the entropy of the predicted labels of one example, without any label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from xling.composition.forms.beside import check_beside, one_text
from xling.composition.forms.form import HeadState, Node, Plan, called, nodes, walk
from xling.composition.forms.increments import check_adding, own_increments
from xling.composition.forms.single import Loaded
from xling.errors import PlanError
from xling.sites import Hidden, Place, ResidualState

if TYPE_CHECKING:
    from xling.composition.grammar import Reader


@dataclass(frozen=True)
class Emea(Node):
    """The mean of plans that add to hidden states, with weights tuned for each row; else equal weights.

    plans: at least one. steps: the number of steps of gradient descent; 0 leaves the weights equal.
    """

    plans: tuple[Plan, ...]
    steps: int = 1

    word = "emea"

    def __post_init__(self) -> None:
        if not 0 <= self.steps <= 1000:
            raise PlanError(f"emea takes 0 to 1000 steps, not {self.steps}", where="--plan")

    @classmethod
    def read(cls, reader: Reader) -> Plan:
        """Parse plans separated by commas and, after a semicolon, the number of steps (1 if not given)."""
        plans = tuple(reader.separated(reader.plan))
        return cls(plans, reader.count() if reader.passed(";") else 1)

    def __str__(self) -> str:
        return f"{called(self.word, self.plans)[:-1]}; {self.steps})"

    def grown(self) -> Plan:
        check_beside(self)
        check_adding(self.plans, self.word)
        return self

    def rewritten(self, units: Sequence[str], language: str) -> Sequence[str]:
        return one_text(self, units, language)

    def start(self, rows: int) -> Tensor:
        return torch.zeros(rows, len(self._sites), len(self.plans))

    def increment(self, layer: int, place: Place, state: ResidualState) -> Hidden | None:
        found = own_increments(nodes(self), layer, place, state)
        if found is None:
            return state.increment
        together = torch.stack(found, -1)
        logits = state.rows.shares.get(id(self))
        if logits is None:
            mean = together.mean(-1)
        else:
            shares = logits[:, self._sites[layer, place]].softmax(-1).to(together)
            mean = (together * shares[:, None, None]).sum(-1)
        return mean if state.increment is None else state.increment + mean

    def scores(self, state: HeadState) -> Tensor | None:
        found = [scores for node in nodes(self) if (scores := node.scores(state)) is not None]
        return torch.stack(found).mean(0) if found else None

    @cached_property
    def _sites(self) -> dict[tuple[int, Place], int]:
        """The number of each site where some of the plans act."""
        leaves = (leaf for leaf in walk(self) if isinstance(leaf, Loaded))
        found = dict.fromkeys(site for leaf in leaves for site in leaf.residual)
        return {site: number for number, site in enumerate(found)}
