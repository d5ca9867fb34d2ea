"""Mixing the source pieces that translate a piece, by IBM model 1 on parallel sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy import sparse

from xling.errors import InputError
from xling.vocabulary.initialisers.shared import copied
from xling.vocabulary.initialisers.start import Request, Start, completed
from xling.vocabulary.pieces import split

REASON = "translations"
PASSES = 8


@dataclass(frozen=True)
class SplitText:
    """A text as a tokenizer splits it.

    rows: the piece numbers of each sentence.
    pieces: the number of pieces that the tokenizer has.
    """

    rows: Sequence[Sequence[int]]
    pieces: int


def translated(request: Request) -> Start:
    """Make each piece the mean of the base's vectors, weighted by translation probabilities.

    The weights are those of IBM model 1 (Brown et al. 1993) between the new tokenizer's pieces and the
    base's. Even before training, a sentence then looks to the base like its word-by-word translation. Pieces
    that occur in no pair are copied if the base has them, else drawn at random. Raises InputError without
    pairs.
    """
    if not request.pairs:
        raise InputError(
            "the initialiser translated needs sentences with their translations", where="--parallel"
        )
    own, other = zip(*request.pairs, strict=True)
    tokenizer, rows = request.base.tokenizer, request.table
    chances = translation_table(
        SplitText(split(request.draft.opened(), own), len(request.draft.pieces)),
        SplitText(split(tokenizer.backend_tokenizer, other), len(rows)),
    )
    first = len(request.draft.kept)
    mixed = _means(chances[first:], rows.numpy(), sorted(set(tokenizer.all_special_ids)))
    places = np.flatnonzero(mixed.any(axis=1)).tolist()
    found = {place: (torch.from_numpy(mixed[place]), REASON) for place in places}
    return completed(request, copied(request) | found)


def _means(chances: sparse.csr_array, vectors: np.ndarray, special: list[int]) -> np.ndarray:
    """Return the expected vector of each row without special pieces, [own pieces, hidden]; zeros if empty."""
    weights = np.ones(len(vectors))
    weights[special] = 0
    plain = chances * weights
    whole = np.asarray(plain.sum(axis=1)).ravel()
    return (plain @ vectors / np.where(whole > 0, whole, 1)[:, None]).astype(np.float32)


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
