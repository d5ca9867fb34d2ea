"""`vote(p, q; 2, 1)`: complete plans side by side, whose probabilities of labels are averaged.

Each plan reads the units (words, texts, answers) in pieces of its own vocabulary, so that nothing but what
they say of labels can be averaged. That is the linear opinion pool (Stone 1961), the rule of deep ensembles
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
    """It has no states of its own, so it stands at the top, or in a branch of a vote or of a route."""

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
        """The mean probabilities, with the first plan's order of labels."""
        labels = said[0].labels
        logs = torch.stack([own.ordered(labels).logs for own in said])
        shares = torch.tensor(self.shares, dtype=logs.dtype)[:, None, None]
        return LabelScores(labels, (shares.log() + logs).logsumexp(0))
