"""Vectors from co-occurrence, against counts by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling.vocabulary.cooccurrence import learn

ROWS = st.lists(st.lists(st.sampled_from("abcdef"), max_size=8), max_size=8)


def by_hand(rows, window):
    """PPMI of every pair, counted one by one."""
    items = list(dict.fromkeys(item for row in rows for item in row))
    counts = {(one, two): 0 for one in items for two in items}
    for row in rows:
        for at, one in enumerate(row):
            for other in range(max(0, at - window), min(len(row), at + window + 1)):
                counts[one, row[other]] += other != at
    often = {one: sum(counts[one, two] for two in items) for one in items}
    total, smooth = sum(often.values()), sum(value**0.75 for value in often.values())

    def information(one, two):
        if not counts[one, two]:
            return 0.0
        context = often[two] ** 0.75 / smooth
        return max(0.0, math.log(counts[one, two] / total / (often[one] / total * context)))

    return items, np.array([[information(one, two) for two in items] for one in items])


@given(ROWS, st.integers(1, 5))
def test_inner_products_are_those_of_the_decomposed_matrix(rows, window):
    """V·Vᵀ = U·S·Uᵀ, the square root of M·Mᵀ."""
    items, matrix = by_hand([["a", "b"], *rows], window)
    found = learn([["a", "b"], *rows], window=window)
    assert set(found.places) <= set(items)
    vectors = np.array(
        [found.of([item])[0] if item in found.places else 0 * found.matrix.sum(0) for item in items]
    )
    gram = vectors @ vectors.T
    assert np.allclose(gram @ gram, matrix @ matrix.T, atol=1e-6)


def test_a_text_by_hand():
    """Two pairs that never meet: log(1/4 / (1/4 · 1/4)) for each, so V·Vᵀ is log 4 times the identity."""
    found = learn([["a", "b"], ["c", "d"]])
    gram = found.matrix @ found.matrix.T
    assert found.places == {"a": 0, "b": 1, "c": 2, "d": 3}
    assert np.allclose(gram, math.log(4) * np.eye(4))


def test_many_items_are_as_wide_as_asked_and_alike_where_their_neighbours_are():
    rows = [[f"{part}{number}" for number in range(at, at + 6)] for part in "ab" for at in range(0, 200)]
    one, two = learn(rows), learn(rows)
    assert one.matrix.shape == (410, 100)
    assert one.matrix.tobytes() == two.matrix.tobytes() and one.places == two.places

    def near(first, second):
        left, right = one.of([first])[0], one.of([second])[0]
        return left @ right / np.linalg.norm(left) / np.linalg.norm(right)

    assert near("a100", "a102") > 0.5 > abs(near("a100", "b102")) and abs(near("a100", "a180")) < 0.3
    sizes = np.linalg.norm(one.matrix, axis=0)
    assert (np.diff(sizes) < 1e-6).all()


def test_items_beside_nothing_have_no_vector():
    assert not learn([]).places and not learn([["a"], ["b"], []]).places
    found = learn([["a", "b"], ["c"], ["a", "b"]])
    assert set(found.places) == {"a", "b"}
    with pytest.raises(KeyError):
        found.of(["c"])


def test_rows_are_worlds_of_their_own():
    apart, joined = learn([["a", "b"], ["c", "d"]]), learn([["a", "b", "c", "d"]])
    assert (
        abs(apart.of(["b"]) @ apart.of(["c"]).T).item()
        < 1e-9
        < (joined.of(["b"]) @ joined.of(["c"]).T).item()
    )
