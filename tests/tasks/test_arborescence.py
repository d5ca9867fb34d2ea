"""The best tree of arc scores, held against all trees and against networkx."""

from __future__ import annotations

from itertools import product

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xling.data.trees import cycle_of, tree_fault
from xling.tasks.arborescence import best_tree


def total(scores, heads) -> float:
    return sum(scores[word, head] for word, head in enumerate(heads, 1))


def drawn(words: int, seed: int, spread: float):
    return np.random.default_rng(seed).normal(size=(words + 1, words + 1)) * spread


@settings(max_examples=40)
@given(words=st.integers(1, 5), seed=st.integers(0, 2**31), spread=st.sampled_from([1e-3, 1.0, 1e3]))
def test_no_other_tree_with_one_root_scores_more(words, seed, spread):
    scores = drawn(words, seed, spread)
    found = best_tree(scores)
    assert tree_fault(found) is None
    trees = (heads for heads in product(range(words + 1), repeat=words) if tree_fault(heads) is None)
    assert total(scores, found) == pytest.approx(max(total(scores, heads) for heads in trees), rel=1e-9)


@settings(max_examples=15)
@given(words=st.integers(6, 16), seed=st.integers(0, 2**31))
def test_longer_ones_score_what_networkx_finds_for_the_best_root(words, seed):
    scores = drawn(words, seed, 1.0)
    best = -np.inf
    for root in range(1, words + 1):
        graph = networkx.DiGraph()
        arcs = [(head, word) for word in range(1, words + 1) for head in range(1, words + 1) if head != word]
        graph.add_edge(0, root, weight=scores[root, 0])
        graph.add_weighted_edges_from((head, word, scores[word, head]) for head, word in arcs)
        tree = networkx.maximum_spanning_arborescence(graph)
        best = max(best, sum(scores[word, head] for head, word in tree.edges))
    assert total(scores, best_tree(scores)) == pytest.approx(best)


def test_two_roots_and_cycles_by_hand():
    scores = np.full((4, 4), -9.0)
    scores[1, 0], scores[2, 0], scores[2, 1], scores[3, 2] = 5, 4, 1, 2
    assert best_tree(scores) == [0, 1, 2]
    scores[1, 0], scores[1, 2], scores[2, 0], scores[2, 1] = -3, 6, -4, 6
    assert best_tree(scores) == [0, 1, 2]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0])
def test_scores_that_say_nothing_still_give_a_tree(value):
    assert tree_fault(best_tree(np.full((5, 5), value))) is None


def test_faults_of_trees():
    assert tree_fault([2, 0, 2]) is None
    assert tree_fault([2, 0, 4]) == (3, "the head 4 is outside the sentence of 3 words")
    assert tree_fault([0, -1]) == (2, "the head -1 is outside the sentence of 2 words")
    assert tree_fault([2, 1]) == (1, "the sentence has no root: no word has the head 0")
    assert tree_fault([0, 0, 1]) == (2, "the sentence has 2 roots: the words 1, 2")
    assert tree_fault([0, 3, 2]) == (2, "the heads run in a cycle: 2 > 3 > 2")
    assert cycle_of([1]) == [1] and cycle_of([4, 1, 2, 3, 3]) == [1, 4, 3, 2] and cycle_of([0, 1, 1]) is None
