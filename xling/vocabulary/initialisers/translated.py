"""Mixtures of the source pieces that translate a piece, by parallel sentences."""

from __future__ import annotations

import numpy as np
import torch
from scipy import sparse

from xling.errors import InputError
from xling.vocabulary.draft import split
from xling.vocabulary.initialisers.moments import completed, table
from xling.vocabulary.initialisers.overlap import overlapping
from xling.vocabulary.initialisers.start import Request, Start
from xling.vocabulary.translation_table import translation_table

REASON = "translations"


def start(request: Request) -> Start:
    """Each piece is the mean of the base's vectors, weighted by how likely each translates it.

    The weights are those of IBM model 1 (Brown et al. 1993) between the new tokenizer's pieces and the
    base's. A sentence then is to the base what its words are one by one, before anything is trained.
    Pieces in no pair are copied where the base has them, else drawn. Raises InputError without pairs.
    """
    if not request.pairs:
        raise InputError(
            "the initialiser translated needs sentences with their translations", where="--parallel"
        )
    own, other = zip(*request.pairs, strict=True)
    tokenizer, rows = request.base.tokenizer, table(request)
    shape = (len(request.draft.pieces), len(rows))
    chances = translation_table(
        split(request.draft.opened(), own), split(tokenizer.backend_tokenizer, other), shape
    )
    first = len(request.draft.kept)
    mixed = _means(chances[first:], rows.numpy(), sorted(set(tokenizer.all_special_ids)))
    found = {place: (rows[number], reason) for place, (number, reason) in overlapping(request).items()}
    for place in np.flatnonzero(mixed.any(axis=1)).tolist():
        found[place] = torch.from_numpy(mixed[place]), REASON
    return completed(request, found)


def _means(chances: sparse.csr_array, vectors: np.ndarray, special: list[int]) -> np.ndarray:
    """[own pieces, hidden]: the expected vector of each row, special pieces aside; zeros for an empty row."""
    weights = np.ones(len(vectors))
    weights[special] = 0
    plain = chances * weights
    whole = np.asarray(plain.sum(axis=1)).ravel()
    return (plain @ vectors / np.where(whole > 0, whole, 1)[:, None]).astype(np.float32)
