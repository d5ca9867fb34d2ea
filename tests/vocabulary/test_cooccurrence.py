"""Vectors from what stands beside what."""

from __future__ import annotations

import numpy as np
from support.tiny import TEXTS

from xling.vocabulary.cooccurrence import learn

ROWS = [line.split() for line in TEXTS]


def cosine(one, two):
    return float(one @ two / np.linalg.norm(one) / np.linalg.norm(two))


def test_what_stands_in_the_same_places_is_alike():
    # x and y stand beside the same words, z beside others
    rows = [["a", "x", "b"], ["a", "y", "b"], ["c", "z", "d"]] * 2
    found = learn(rows, width=3, window=1)
    x, y, z = (found.of([item])[0] for item in "xyz")
    assert cosine(x, y) > 0.99 and cosine(x, z) < 0.1


def test_the_product_is_the_weighed_matrix():
    """At full width a vector's length is the root of what its item has with the only one beside it."""
    found = learn([["a", "b"], ["a", "b"], ["c", "d"]], width=4, window=1)
    # p(a, b) = 2/6, p(a) = 2/6, smoothed p(b) = 2^0.75 / (2 * 2^0.75 + 2)
    smoothed = 2**0.75 / (2 * 2**0.75 + 2)
    expected = np.log((2 / 6) / ((2 / 6) * smoothed))
    vectors = found.of(["a", "b"])
    assert np.isclose(abs(np.linalg.norm(vectors[0])), np.sqrt(expected), atol=1e-6)
    assert np.isclose(abs(np.linalg.norm(vectors[1])), np.sqrt(expected), atol=1e-6)


def test_the_same_text_gives_the_same_vectors():
    one, two = learn(ROWS), learn(ROWS)
    assert one.places == two.places and np.array_equal(one.matrix, two.matrix)
    assert one.matrix.shape[1] <= len({word for row in ROWS for word in row})


def test_an_item_beside_nothing_has_no_vector():
    found = learn([["a", "b"], ["alone"], ["a", "b"]])
    assert set(found.places) == {"a", "b"}
    assert learn([["alone"]]).places == {}
