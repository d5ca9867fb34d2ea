"""Vectors of words or pieces from what stands beside them in a text: PPMI and SVD, made on the spot.

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
_DENSE = 300  # so few items are decomposed in full
_NOTHING = 1e-6  # of the longest vector: what is left of an item that stands beside nothing in particular


@dataclass(frozen=True)
class Vectors:
    """matrix: [items, width], the widest direction first. places: the row of each item that has a vector."""

    places: Mapping[Any, int]
    matrix: Float[np.ndarray, "items width"]

    def of(self, items: Sequence[Hashable]) -> Float[np.ndarray, "some width"]:
        """The vectors of some items; KeyError for one that has none."""
        return self.matrix[[self.places[item] for item in items]]


def learn(rows: Sequence[Sequence[Hashable]], *, width: int = WIDTH, window: int = _WINDOW) -> Vectors:
    """Vectors of the items of some sequences, at most as wide as there are items.

    window: how many neighbours on each side count. An item without any that it is often beside has none.
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
    """How often each item stands within the window of each other: sparse and symmetric."""
    found = sparse.csr_array((size, size))
    for distance in range(1, window + 1):
        together = row_of[:-distance] == row_of[distance:]
        pairs = (items[:-distance][together], items[distance:][together])
        found = found + sparse.coo_array((np.ones(len(pairs[0])), pairs), shape=(size, size)).tocsr()
    return found + found.T


def _ppmi(counts: Any) -> Any:
    """Positive pointwise mutual information with smoothed contexts."""
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
    assert left is not None  # asked for by default
    order = np.argsort(-values)
    return left[:, order] * np.sqrt(values[order])
