"""`mean(a, b; 2, 1)`: the weighted mean of the outputs of several plans at each site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xling.composition.forms.beside import Weighted
from xling.composition.forms.sum import Sum


@dataclass(frozen=True)
class Mean(Sum):
    """A sum whose factors are shares of one: the weighted mean of the plans at each site."""

    word = "mean"
    least = 2

    settled = Weighted.settled
    grown = Weighted.grown

    @property
    def factors(self) -> Sequence[float]:
        return self.shares
