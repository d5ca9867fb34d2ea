"""The mean gain of a method and its interval over languages, seeds and rows."""

from __future__ import annotations

import numpy as np
import pytest
from join_seeds import join, rows
from lab.gains import Sides, joined, mean_gain, row_errors


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


def test_what_is_joined_of_several_runs_is_near_what_one_run_gives():
    generator = np.random.default_rng(2)
    method, control = (
        [np.repeat(generator.random((1, 300)) < share, 3, axis=0) for _ in range(5)] for share in (0.7, 0.6)
    )  # what the seeds differ in is not in question here, and rows count alike for all of them
    both = sides([own.astype(int) for own in method], [own.astype(int) for own in control])
    whole, found = mean_gain(both), joined(both.gains, row_errors(both))
    assert found.value == pytest.approx(whole.value)
    assert (found.low, found.high) == pytest.approx((whole.low, whole.high), abs=0.8)


def test_the_error_of_rows_is_that_of_a_binomial():
    right = (np.arange(400) % 5 == 0)[None].astype(int)
    (error,) = row_errors(sides([right], [every(0, rows=400)]))[0]
    assert error == pytest.approx(100 * np.sqrt(0.2 * 0.8 / 400), rel=0.1)


def test_seeds_of_several_sittings_make_one_row():
    def of(method: str, seed: int, score: float, gain: float | None) -> dict:
        alone = method == "none"
        return {
            "question": "lab-x", "method": method, "languages": "chosen", "split": "dev", "base": "b",
            "metric": "f1", "plan": "task/0", "seeds": [seed], "mean": score, "gain": gain,
            "gain_low": gain, "gain_high": gain, "gains": {"hau": 0.0 if alone else gain},
            "scores": {"hau": [score]}, "errors": {} if alone else {"hau": [1.0]}, "apart": [],
            "rows": 9, "numbers": 4, "seconds": 2.0,
        }  # fmt: skip

    known = [of("none", 0, 40.0, None), of("own", 0, 50.0, 10.0), of("own", 1, 44.0, 4.0)]
    (found,) = rows(known)  # of the control there is one seed
    assert found["seeds"] == [0, 1] and found["scores"] == {"hau": [50.0, 44.0]}
    assert (found["mean"], found["gain"], found["seconds"]) == (47.0, 7.0, 4.0)
    assert found["gain_low"] < 5 and found["gain_high"] > 9
    assert not list(rows([*known, found]))  # joined once
    assert join([of("none", 1, 42.0, None), of("none", 2, 44.0, None)])["gain"] is None
    older = [{key: row[key] for key in row if key != "errors"} for row in known]
    assert not list(rows(older))  # without errors nothing is said of rows
