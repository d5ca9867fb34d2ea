"""Retrieval: ranks, margins and counts by hand, and their laws."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import normalize

from xling.tasks.retrieval import (
    MARGINS,
    METRICS,
    mean_reciprocal_rank,
    rank_among,
    rank_counts,
    ranks,
)

SIZES = st.tuples(st.integers(2, 9), st.integers(0, 999))


def drawn(sizes: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    count, seed = sizes
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 5, generator=generator), torch.randn(count, 5, generator=generator)


def test_ranks_by_hand():
    queries = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    candidates = torch.tensor([[3.0, 0.0], [1.0, 0.0], [1.0, 1.1]])
    # the second query is nearest to the third candidate, and far from its own like from the first
    assert ranks(queries, candidates).tolist() == [2, 3, 1]  # the second candidate scores like the first
    sums = rank_counts(ranks(queries, candidates)).sum(0)
    assert float(METRICS["accuracy@1"](sums)) == pytest.approx(100 / 3)
    assert float(mean_reciprocal_rank(sums)) == pytest.approx(100 * (1 / 2 + 1 / 3 + 1) / 3)
    assert rank_among(queries[0], candidates, 1) == 2 and rank_among(queries[0], candidates, 2) == 3


def test_margins_are_those_of_the_paper():
    queries, candidates = drawn((6, 3))
    cosines = normalize(queries, dim=-1) @ normalize(candidates, dim=-1).T
    for k in (1, 4):
        own = cosines.topk(k, dim=1).values.sum(1) / (2 * k)
        other = cosines.topk(k, dim=0).values.sum(0) / (2 * k)
        around = own[:, None] + other[None]
        wanted = {"cosine": cosines, "csls": cosines - around, "ratio": cosines / around}
        for name, scores in wanted.items():
            places = [int((row >= row[number]).sum()) for number, row in enumerate(scores)]
            assert ranks(queries, candidates, margin=name, neighbours=k).tolist() == places


def test_csls_takes_a_hub_back():
    # the first candidate is near to both queries; the second one's own is nearly as near
    queries = torch.tensor([[1.0, 0.0], [0.8, 0.6]])
    candidates = torch.tensor([[0.95, 0.312], [0.55, 0.835]])
    assert ranks(queries, candidates).tolist() == [1, 2]
    assert ranks(queries, candidates, margin="csls", neighbours=2).tolist() == [1, 1]


@given(SIZES, st.sampled_from(sorted(MARGINS)))
def test_each_sentence_finds_itself(sizes, margin):
    vectors, _ = drawn(sizes)
    if margin == "cosine":
        assert ranks(vectors, 7 * vectors, margin=margin).tolist() == [1] * len(vectors)
    assert ranks(vectors[:1], vectors[:1], margin=margin).tolist() == [1]


@given(SIZES, st.sampled_from(["cosine", "csls"]))
def test_the_order_of_the_pairs_does_not_matter(sizes, margin):
    queries, candidates = drawn(sizes)
    order = torch.randperm(len(queries), generator=torch.Generator().manual_seed(sizes[1]))
    found = ranks(queries, candidates, margin=margin)
    assert ranks(queries[order], candidates[order], margin=margin).tolist() == found[order].tolist()


def test_vectors_that_are_all_the_same_find_nothing():
    same = torch.ones(5, 3)
    assert ranks(same, same).tolist() == [5] * 5
    assert rank_among(same[0], same, 2) == 5


def test_large_sets_are_taken_in_pieces():
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(1100, 8, generator=generator)
    assert ranks(vectors, vectors).tolist() == [1] * 1100
    assert np.array_equal(rank_counts([1, 4]), [[1, 1, 1], [0, 0.25, 1]])
