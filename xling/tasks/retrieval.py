"""Bitext retrieval and reranking, as pure functions of sentence vectors.

Each sentence is held against all of the other side by the cosine of the vectors, or by a margin over
its and the other's neighbourhood (Artetxe and Schwenk 2019, Margin-based Parallel Corpus Mining).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import normalize

NEIGHBOURS = 4  # k of Artetxe and Schwenk 2019

_CHUNK = 1024
Around = Float[Tensor, "..."]
Margin = Callable[[Tensor, Around, Around], Tensor]

# cosines and the mean cosine of either side to its nearest neighbours -> scores
MARGINS: Mapping[str, Margin] = {
    "cosine": lambda cosines, own, other: cosines,  # their "absolute"
    "csls": lambda cosines, own, other: 2 * cosines - own - other,  # twice their "distance" (Conneau 2018)
    "ratio": lambda cosines, own, other: 2 * cosines / (own + other),
}


def ranks(
    queries: Float[Tensor, "pairs hidden"],
    candidates: Float[Tensor, "pairs hidden"],
    *,
    margin: str = "cosine",
    neighbours: int = NEIGHBOURS,
) -> Int[Tensor, " pairs"]:
    """The rank, from one, of each query's own candidate among all of them; the like-scored come before it.

    margin: one of `MARGINS`. neighbours: of how many nearest ones a margin takes the mean.
    """
    queries, candidates = normalize(queries.float(), dim=-1), normalize(candidates.float(), dim=-1)
    own, other = _around(queries, candidates, neighbours), _around(candidates, queries, neighbours)
    found = []
    for start in range(0, len(queries), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        scores = MARGINS[margin](queries[chunk] @ candidates.T, own[chunk, None], other[None])
        wanted = torch.arange(len(scores), device=scores.device)
        found.append((scores >= scores[wanted, wanted + start, None]).sum(1))
    return torch.cat(found)


def rank_among(
    query: Float[Tensor, " hidden"], candidates: Float[Tensor, "candidates hidden"], right: int
) -> int:
    """The rank, from one, of the right candidate by cosine; the like-scored come before it."""
    cosines = normalize(candidates.float(), dim=-1) @ normalize(query.float(), dim=-1)
    return int((cosines >= cosines[right]).sum())


def rank_counts(found: Int[Tensor, " queries"] | Sequence[int]) -> np.ndarray:
    """[queries, 3]: whether the right one is first, one over its rank, and one."""
    places = np.asarray([int(rank) for rank in found], dtype=float)
    return np.stack([places == 1, 1 / places, np.ones_like(places)], axis=1)


def accuracy_at_1(sums: np.ndarray) -> np.ndarray:
    """Percent of queries whose right one comes first, of summed `rank_counts` [..., 3]."""
    return np.asarray(100 * sums[..., 0] / np.maximum(sums[..., 2], 1))


def mean_reciprocal_rank(sums: np.ndarray) -> np.ndarray:
    """The mean of one over the rank, in percent, of summed `rank_counts` [..., 3]."""
    return np.asarray(100 * sums[..., 1] / np.maximum(sums[..., 2], 1))


METRICS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "accuracy@1": accuracy_at_1,
    "mrr": mean_reciprocal_rank,
}


def _around(
    sentences: Float[Tensor, "pairs hidden"], others: Float[Tensor, "pairs hidden"], neighbours: int
) -> Float[Tensor, " pairs"]:
    """The mean cosine of each sentence to its nearest ones of the other side."""
    count = min(neighbours, len(others))
    parts = torch.split(sentences, _CHUNK)
    return torch.cat([(part @ others.T).topk(count, dim=1).values.mean(1) for part in parts])
