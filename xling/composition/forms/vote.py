"""`vote(p, q; 2, 1)`: complete plans side by side, whose label probabilities are averaged.

Each plan may split the units (words, texts, answers) into pieces of its own vocabulary, so only their label
probabilities can be averaged. This is the linear opinion pool (Stone 1961), as used for deep ensembles
(Lakshminarayanan et al. 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from xling.composition.forms.beside import Weighted, has_head
from xling.composition.forms.form import Plan
from xling.errors import PlanError
from xling.sites import LabelScores


@dataclass(frozen=True)
class Vote(Weighted):
    """The weighted mean of complete plans' label probabilities.

    It computes no hidden states, so it must be the outermost plan or a branch of a vote or route.
    """

    word = "vote"
    least = 1

    def grown(self) -> Plan:
        headless = next((plan for plan in self.plans if not has_head(plan)), None)
        if headless is not None:
            raise PlanError(
                f"vote takes complete plans, and {str(headless)!r} has no task module",
                where="--plan",
                hint="write vote(lang/swh >> task/a, lang/swh >> task/b)",
            )
        return self

    def combined(self, said: Sequence[LabelScores]) -> LabelScores:
        """Return the mean of the probabilities, with the labels in the first plan's order."""
        labels = said[0].labels
        logs = torch.stack([own.ordered(labels).logs for own in said])
        shares = torch.tensor(self.shares, dtype=logs.dtype)[:, None, None]
        return LabelScores(labels, (shares.log() + logs).logsumexp(0))
