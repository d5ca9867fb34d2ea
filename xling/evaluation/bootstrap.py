"""Percentile bootstrap over examples (Efron 1979; paired as in Koehn 2004), and what its intervals say."""

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
    """A value with the bounds of its 95% interval, in the metric's unit (percent)."""

    value: float
    low: float
    high: float

    def row(self) -> dict[str, float]:
        """The three numbers as results list them, to two places."""
        return {"value": round(self.value, 2), "low": round(self.low, 2), "high": round(self.high, 2)}


def interval(counts: np.ndarray, value: Value, *, seed: int = 0, resamples: int = RESAMPLES) -> Interval:
    """The metric of [examples, sums] counts, examples drawn with replacement."""
    draws = value(_resampled(counts, seed, resamples))
    return Interval(float(value(counts.sum(0))), *_bounds(draws))


def paired_gain(
    counts: np.ndarray, control: np.ndarray, value: Value, *, seed: int = 0, resamples: int = RESAMPLES
) -> Interval:
    """The difference to a control on the same examples, both resampled alike."""
    draws = value(_resampled(counts, seed, resamples)) - value(_resampled(control, seed, resamples))
    return Interval(float(value(counts.sum(0)) - value(control.sum(0))), *_bounds(draws))


def verdict(low: float, high: float) -> str:
    """Whether a module helps or harms: the whole 95% interval of the difference lies on one side of zero."""
    return HELPS if low > 0 else HARMS if high < 0 else UNCLEAR


def equivalence(value: float, source: float) -> dict[str, float | None]:
    """A language's score beside the source's: as a share of it in percent, and in points less."""
    share = round(100 * value / source, 1) if source else None
    return {"relative": share, "absolute": round(value - source, 2)}


def _resampled(counts: np.ndarray, seed: int, resamples: int) -> np.ndarray:
    """Sums [resamples, sums]; how often each example is drawn depends on the seed and their number only."""
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
