"""What the pieces of one language are translated by, from parallel sentences: IBM model 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from scipy import sparse

PASSES = 8

Rows = Sequence[Sequence[int]]


def translation_table(
    own: Rows, other: Rows, shape: tuple[int, int], *, passes: int = PASSES
) -> sparse.csr_array:
    """The probability of each of the other side's pieces given one's own; shape: pieces of both sides.

    Brown et al. 1993, section 4.1, learned by expectation maximisation from parallel rows, here with each
    piece counted once a row. An empty piece of one's own takes what nothing else explains, and is left
    out; a piece that stands in no row has an empty row.
    """
    cells = _Cells(own, other, shape)
    chance = np.ones(len(cells.own))
    for _ in range(passes):
        chance = cells.passed(chance)
    real = cells.own < shape[0]
    places = cells.own[real], cells.other[real]
    return sparse.csr_array((chance[real], places), shape=shape)


class _Cells:
    """Which pieces stand together. own, other: the distinct pairs of pieces, flat.

    pair: of each occurrence, which of those it is. asked: of each occurrence, which piece of the other
    side, in which row, it may explain.
    """

    def __init__(self, own: Rows, other: Rows, shape: tuple[int, int]) -> None:
        ones = [np.array([*sorted(set(row)), shape[0]]) for row in own]
        twos = [np.array(sorted(set(row)), dtype=np.int64) for row in other]
        together = list(zip(ones, twos, strict=True))
        first = np.concatenate([np.repeat(one, len(two)) for one, two in together])
        second = np.concatenate([np.tile(two, len(one)) for one, two in together])
        starts = np.cumsum([0, *(len(two) for two in twos)])
        numbered = zip(ones, twos, starts, strict=False)
        self.asked = np.concatenate([np.tile(np.arange(len(t)) + at, len(o)) for o, t, at in numbered])
        keys, self.pair = np.unique(first * shape[1] + second, return_inverse=True)
        self.own, self.other = keys // shape[1], keys % shape[1]

    def passed(self, chance: Float[np.ndarray, " pairs"]) -> Float[np.ndarray, " pairs"]:
        """Expected counts under the chances, then the chances that they give."""
        share = chance[self.pair]
        share = share / _summed(self.asked, share)[self.asked]
        counts = _summed(self.pair, share)
        return counts / _summed(self.own, counts)[self.own]


def _summed(
    group: Int[np.ndarray, " values"], values: Float[np.ndarray, " values"]
) -> Float[np.ndarray, " groups"]:
    return np.bincount(group, values)
