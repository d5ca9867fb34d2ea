"""Bitext retrieval and reranking with sentence vectors.

Each sentence is compared with all sentences of the other side by cosine, or by a margin that also takes the
mean cosine of both sentences to their nearest neighbours into account (Artetxe and Schwenk 2019, Margin-based
Parallel Corpus Mining).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import normalize

from xling.tasks.metrics import share

NEIGHBOURS = 4  # k of Artetxe and Schwenk 2019

_CHUNK = 1024
Around = Float[Tensor, "..."]
Margin = Callable[[Tensor, Around, Around], Tensor]

# functions from cosines, and the mean cosines of queries and of candidates to their neighbours, to scores
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
    """Return the rank, from one, of each query's translation among all candidates; ties count against it.

    queries, candidates: sentence vectors; row n of both is a pair of translations. margin: a name in
    `MARGINS`. neighbours: the number of nearest neighbours in a margin's mean.
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
    """Return the rank, from one, of candidate `right` by cosine to the query; ties count against it."""
    cosines = normalize(candidates.float(), dim=-1) @ normalize(query.float(), dim=-1)
    return int((cosines >= cosines[right]).sum())


def rank_counts(found: Int[Tensor, " queries"] | Sequence[int]) -> np.ndarray:
    """Count, for each query's rank, [rank is 1, 1 / rank, 1]; the result is [queries, 3]."""
    places = np.asarray([int(rank) for rank in found], dtype=float)
    return np.stack([places == 1, 1 / places, np.ones_like(places)], axis=1)


def mean_reciprocal_rank(sums: np.ndarray) -> np.ndarray:
    """The mean of 1 / rank in percent, from added `rank_counts` [..., 3]."""
    return share(sums[..., 1:])


METRICS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "accuracy@1": share,
    "mrr": mean_reciprocal_rank,
}


def _around(
    sentences: Float[Tensor, "pairs hidden"], others: Float[Tensor, "pairs hidden"], neighbours: int
) -> Float[Tensor, " pairs"]:
    """The mean cosine of each sentence to its nearest neighbours on the other side."""
    count = min(neighbours, len(others))
    parts = torch.split(sentences, _CHUNK)
    return torch.cat([(part @ others.T).topk(count, dim=1).values.mean(1) for part in parts])
