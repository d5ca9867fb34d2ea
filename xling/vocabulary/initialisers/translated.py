"""Mixing the source pieces that translate a piece, by IBM model 1 on parallel sentences."""

from __future__ import annotations

import numpy as np
import torch
from scipy import sparse

from xling.errors import InputError
from xling.vocabulary.initialisers.shared import copied
from xling.vocabulary.initialisers.start import Request, Start, completed
from xling.vocabulary.pieces import split
from xling.words.translation_table import SplitText, translation_table

REASON = "translations"


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
