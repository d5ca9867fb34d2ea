"""The mean gain of a method and its interval over languages, seeds and rows."""

from __future__ import annotations

import numpy as np
import pytest
from lab.gains import Sides, mean_gain


def accuracy(sums: np.ndarray) -> np.ndarray:
    return 100 * sums[..., 0] / sums[..., 1]


def counted(right: np.ndarray) -> np.ndarray:
    """Right or wrong, [seeds rows], as counts of right answers and of all."""
    return np.stack([right, np.ones_like(right)], axis=-1).astype(float)


def sides(method: list[np.ndarray], control: list[np.ndarray], *, joint: bool = False) -> Sides:
    names = [f"language {number}" for number in range(len(method))]
    own, other = (dict(zip(names, map(counted, side), strict=True)) for side in (method, control))
    return Sides(method=own, control=other, value=accuracy, joint=joint)


def every(answer: int, *, seeds: int = 1, rows: int = 10) -> np.ndarray:
    return np.full((seeds, rows), answer)


def test_a_gain_that_is_the_same_everywhere_has_no_spread():
    found = mean_gain(sides([every(1, seeds=3)] * 4, [every(0, seeds=3)] * 4))
    assert (found.value, found.low, found.high) == pytest.approx((100, 100, 100))


@pytest.mark.parametrize("factor", ["languages", "seeds"])
def test_two_languages_or_two_seeds_of_which_one_gains(factor):
    won, lost = every(1), every(0)
    method = [won, lost] if factor == "languages" else [np.concatenate([won, lost])]
    found = mean_gain(sides(method, [np.zeros_like(own) for own in method]))
    # a quarter of the draws has the one twice, another quarter the other twice
    assert (found.value, found.low, found.high) == pytest.approx((50, 0, 100))


def test_rows_alone_give_the_interval_of_a_binomial():
    right = (np.arange(400) % 5 == 0)[None].astype(int)
    found = mean_gain(sides([right], [every(0, rows=400)]))
    spread = 1.96 * 100 * np.sqrt(0.2 * 0.8 / 400)
    assert found.value == pytest.approx(20)
    assert (found.low, found.high) == pytest.approx((20 - spread, 20 + spread), abs=0.6)


def test_method_and_control_are_drawn_as_pairs():
    noisy = np.random.default_rng(0).integers(0, 2, (3, 60))
    found = mean_gain(sides([noisy] * 2, [noisy.copy()] * 2))
    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_rows_that_are_translations_are_drawn_together():
    right = np.random.default_rng(1).integers(0, 2, (1, 50))
    wide, narrow = (
        mean_gain(sides([right] * 8, [every(0, rows=50)] * 8, joint=joint)) for joint in (True, False)
    )
    # eight copies of the same rows are worth no more than one, unless they are taken for other rows
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
