"""Word translation probabilities from parallel sentences: IBM model 1 (Brown et al. 1993)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy import sparse

PASSES = 8


@dataclass(frozen=True)
class SplitText:
    """A text as a tokenizer splits it.

    rows: the piece numbers of each sentence.
    pieces: the number of pieces that the tokenizer has.
    """

    rows: Sequence[Sequence[int]]
    pieces: int


def translation_table(own: SplitText, other: SplitText, *, passes: int = PASSES) -> sparse.csr_array:
    """Return the probability of each source piece given each target piece: [own pieces, other pieces].

    own, other: the target and the source side of parallel sentences.
    The model is IBM model 1 (Brown et al. 1993, section 4.1), learned by expectation maximisation, with each
    piece counted once per sentence. An additional empty target piece explains source pieces that nothing else
    explains, and is then removed. A piece that occurs in no sentence has an empty row.
    """
    cells = _Cells(own, other)
    chance = np.ones(len(cells.own))
    for _ in range(passes):
        chance = cells.passed(chance)
    real = cells.own < own.pieces
    places = cells.own[real], cells.other[real]
    return sparse.csr_array((chance[real], places), shape=(own.pieces, other.pieces))


def both_ways(own: SplitText, other: SplitText, *, passes: int = PASSES) -> sparse.csr_array:
    """Return the product of the probabilities in both directions: [own pieces, other pieces].

    It is large only for pieces that are each other's translation, and so spares a rare piece the translation
    that merely stood beside it.
    """
    there, back = (translation_table(*sides, passes=passes) for sides in ((own, other), (other, own)))
    return there.multiply(back.T).tocsr()


class _Cells:
    """The pairs of pieces that occur in the same sentence pair.

    own, other: [pairs], the two pieces of each distinct pair.
    pair: [occurrences], the index of the pair of each occurrence.
    asked: [occurrences], the index of the occurrence of the source piece, per sentence, that it may explain.
    """

    def __init__(self, own: SplitText, other: SplitText) -> None:
        ones = [np.array([*sorted(set(row)), own.pieces]) for row in own.rows]
        twos = [np.array(sorted(set(row)), dtype=np.int64) for row in other.rows]
        together = list(zip(ones, twos, strict=True))
        first = np.concatenate([np.repeat(one, len(two)) for one, two in together])
        second = np.concatenate([np.tile(two, len(one)) for one, two in together])
        starts = np.cumsum([0, *(len(two) for two in twos)])
        numbered = zip(ones, twos, starts, strict=False)
        self.asked = np.concatenate([np.tile(np.arange(len(t)) + at, len(o)) for o, t, at in numbered])
        keys, self.pair = np.unique(first * other.pieces + second, return_inverse=True)
        self.own, self.other = keys // other.pieces, keys % other.pieces

    def passed(self, chance: Float[np.ndarray, " pairs"]) -> Float[np.ndarray, " pairs"]:
        """Run one pass of expectation maximisation and return the new probability of each pair."""
        share = chance[self.pair]
        share = share / _summed(self.asked, share)[self.asked]
        counts = _summed(self.pair, share)
        return counts / _summed(self.own, counts)[self.own]


def _summed(
    group: Int[np.ndarray, " values"], values: Float[np.ndarray, " values"]
) -> Float[np.ndarray, " groups"]:
    return np.bincount(group, values)
