"""Vectors of words or pieces from their co-occurrence in a text, by PPMI and SVD.

After Levy, Goldberg and Dagan (2015), "Improving Distributional Similarity with Lessons Learned from Word
Embeddings": the distribution of contexts is smoothed by the power 0.75 and the vectors are U·sqrt(S).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy import sparse
from scipy.sparse.linalg import svds

WIDTH = 100
_WINDOW = 5
_SMOOTHING = 0.75
_DENSE = 300  # up to this many items, the decomposition is complete
_NOTHING = 1e-6  # of the largest norm; a vector below it carries no information


@dataclass(frozen=True)
class Vectors:
    """Vectors of items.

    places: the row of each item that has a vector.
    matrix: [items, width], with the dimensions in order of falling singular value.
    """

    places: Mapping[Any, int]
    matrix: Float[np.ndarray, "items width"]

    def of(self, items: Sequence[Hashable]) -> Float[np.ndarray, "some width"]:
        """Return the vectors of some items, [some, width]. Raises KeyError for an item without a vector."""
        return self.matrix[[self.places[item] for item in items]]


def learn(rows: Sequence[Sequence[Hashable]], *, width: int = WIDTH, window: int = _WINDOW) -> Vectors:
    """Learn vectors of the items in some sequences; the width is at most the number of distinct items.

    window: how many neighbours on each side count. An item without informative neighbours gets no vector.
    """
    numbers: dict[Hashable, int] = {}
    items = np.array([numbers.setdefault(item, len(numbers)) for row in rows for item in row], dtype=np.int64)
    row_of = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    matrix = _ppmi(_neighbours(items, row_of, len(numbers), window))
    if not matrix.nnz:
        return Vectors({}, np.zeros((0, min(width, len(numbers)))))
    vectors = _reduced(matrix, min(width, len(numbers)))
    norms = np.linalg.norm(vectors, axis=1)
    served = norms > _NOTHING * norms.max()
    names = [item for item, serves in zip(numbers, served, strict=True) if serves]
    return Vectors({item: place for place, item in enumerate(names)}, vectors[served])


def _neighbours(
    items: Int[np.ndarray, " tokens"], row_of: Int[np.ndarray, " tokens"], size: int, window: int
) -> Any:
    """Count how often each item occurs within the window of each other item; the matrix is symmetric."""
    found = sparse.csr_array((size, size))
    for distance in range(1, window + 1):
        together = row_of[:-distance] == row_of[distance:]
        pairs = (items[:-distance][together], items[distance:][together])
        found = found + sparse.coo_array((np.ones(len(pairs[0])), pairs), shape=(size, size)).tocsr()
    return found + found.T


def _ppmi(counts: Any) -> Any:
    """Return positive pointwise mutual information with smoothed context counts."""
    often = np.asarray(counts.sum(axis=1)).ravel()
    contexts = often**_SMOOTHING
    pairs = counts.tocoo()
    row, column = pairs.coords
    information = np.log(pairs.data * contexts.sum() / (often[row] * contexts[column]))
    positive = information > 0
    return sparse.csr_array(
        (information[positive], (row[positive], column[positive])), shape=counts.shape, dtype=np.float64
    )


def _reduced(matrix: Any, width: int) -> Float[np.ndarray, "items width"]:
    size = matrix.shape[0]
    if size <= max(_DENSE, 2 * width):
        left, values, _ = np.linalg.svd(matrix.toarray())
        return left[:, :width] * np.sqrt(values[:width])
    first = np.random.default_rng(0).standard_normal(size)
    left, values, _ = svds(matrix, k=width, v0=first)
    assert left is not None  # svds returns it by default
    order = np.argsort(-values)
    return left[:, order] * np.sqrt(values[order])
