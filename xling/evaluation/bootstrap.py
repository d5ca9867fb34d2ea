"""Percentile bootstrap over examples (Efron 1979; paired as in Koehn 2004), and its verdicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
_CHUNK = 50
Value = Callable[[np.ndarray], np.ndarray]
HELPS, UNCLEAR, HARMS = "helps", "no clear difference", "harms"


@dataclass(frozen=True)
class Interval:
    """A value with the bounds of its 95% confidence interval, in percent."""

    value: float
    low: float
    high: float

    def row(self) -> dict[str, float]:
        """Return the three numbers as results list them, rounded to two decimals."""
        return {"value": round(self.value, 2), "low": round(self.low, 2), "high": round(self.high, 2)}


def interval(counts: np.ndarray, value: Value, *, seed: int = 0, resamples: int = RESAMPLES) -> Interval:
    """Return the metric of the whole data with its bootstrap interval.

    counts: an array of shape [examples, sums]. value: maps summed counts, [sums] or [resamples, sums], to the
    metric in percent.
    """
    draws = value(_resampled(counts, seed, resamples))
    return Interval(float(value(counts.sum(0))), *_bounds(draws))


def paired_gain(
    counts: np.ndarray, control: np.ndarray, value: Value, *, seed: int = 0, resamples: int = RESAMPLES
) -> Interval:
    """Return the difference from a control on the same examples, with its paired bootstrap interval.

    counts, control: arrays of shape [examples, sums], whose rows are the same examples in the same order.
    """
    draws = value(_resampled(counts, seed, resamples)) - value(_resampled(control, seed, resamples))
    return Interval(float(value(counts.sum(0)) - value(control.sum(0))), *_bounds(draws))


def verdict(low: float, high: float) -> str:
    """Return whether a module helps or harms: the whole interval of the difference is above or below zero."""
    return HELPS if low > 0 else HARMS if high < 0 else UNCLEAR


def equivalence(value: float, source: float) -> dict[str, float | None]:
    """Return a score as a percentage of the source's (relative) and as a difference in points (absolute)."""
    share = round(100 * value / source, 1) if source else None
    return {"relative": share, "absolute": round(value - source, 2)}


def _resampled(counts: np.ndarray, seed: int, resamples: int) -> np.ndarray:
    """Return the sums of each resample, of shape [resamples, sums].

    The draws depend only on the seed and the number of examples: two arrays are resampled alike.
    """
    generator = np.random.default_rng(seed)
    number = len(counts)
    parts = []
    for start in range(0, resamples, _CHUNK):
        size = min(_CHUNK, resamples - start)
        weights = generator.multinomial(number, np.full(number, 1 / number), size=size)
        parts.append(weights @ counts)
    return np.concatenate(parts)


def _bounds(draws: np.ndarray) -> tuple[float, float]:
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)
