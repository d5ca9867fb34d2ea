"""The mean gain of a method, with an interval over languages, seeds and rows together.

Each factor is resampled on its own and the weights are multiplied: the pigeonhole bootstrap for crossed
factors (Owen 2007), which errs on the side of wide intervals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from xling.evaluation.bootstrap import Interval, Value

DRAWS = 2000
_CHUNK = 100
Counts = Mapping[str, Float[np.ndarray, "seeds rows sums"]]  # by language


@dataclass(frozen=True, kw_only=True)
class Sides:
    """A method and its control on the same rows of the same languages with the same seeds.

    joint: whether row n is the same sentence in every language.
    """

    method: Counts
    control: Counts
    value: Value
    joint: bool

    @property
    def gains(self) -> Float[np.ndarray, "languages seeds"]:
        """The difference of the metric in percent."""
        parts = [
            self.value(self.method[tag].sum(1)) - self.value(self.control[tag].sum(1)) for tag in self.method
        ]
        return np.stack(parts)


def mean_gain(sides: Sides, *, seed: int = 0, draws: int = DRAWS) -> Interval:
    """Return the mean gain over languages and seeds with its 95% interval."""
    generator = np.random.default_rng(seed)
    languages, seeds = sides.gains.shape
    found = np.concatenate(
        [
            _drawn(sides, generator, min(_CHUNK, draws - start), (languages, seeds))
            for start in range(0, draws, _CHUNK)
        ]
    )
    low, high = np.percentile(found, [2.5, 97.5])
    return Interval(float(sides.gains.mean()), float(low), float(high))


def row_errors(sides: Sides, *, seed: int = 0, draws: int = 500) -> Float[np.ndarray, "languages seeds"]:
    """Return the standard error of each gain that comes from the choice of rows alone, by a bootstrap."""
    generator = np.random.default_rng(seed)
    found = []
    for tag, own in sides.method.items():
        found.append(_differences(sides, tag, _weights(generator, own.shape[1], draws)).std(0))
    return np.stack(found)


def joined(
    gains: Float[np.ndarray, "languages seeds"],
    errors: Float[np.ndarray, "languages seeds"],
    *,
    seed: int = 0,
    draws: int = DRAWS,
) -> Interval:
    """Return the mean gain with its interval where the rows of several runs are no longer at hand.

    As in `mean_gain` languages and seeds are drawn. What the choice of rows adds is drawn from a normal
    distribution with the errors that `row_errors` found, alike for all seeds of a language, which read the
    same rows.
    """
    generator = np.random.default_rng(seed)
    by_language, by_seed = (_weights(generator, number, draws) / number for number in gains.shape)
    noise = generator.standard_normal((draws, len(gains)))[:, :, None] * errors
    found = np.einsum("dls,dl,ds->d", gains + noise, by_language, by_seed)
    low, high = np.percentile(found, [2.5, 97.5])
    return Interval(float(gains.mean()), float(low), float(high))


def _drawn(
    sides: Sides, generator: np.random.Generator, draws: int, shape: Sequence[int]
) -> Float[np.ndarray, " draws"]:
    """Return the mean gain of each draw of languages, seeds and rows."""
    by_language, by_seed = (_weights(generator, number, draws) / number for number in shape)
    rows: dict[int, np.ndarray] = {}
    gains = []
    for tag, own in sides.method.items():
        number = own.shape[1]
        if number not in rows or not sides.joint:
            rows[number] = _weights(generator, number, draws)
        gains.append(_differences(sides, tag, rows[number]))
    return np.einsum("lds,dl,ds->d", np.stack(gains), by_language, by_seed)


def _differences(
    sides: Sides, tag: str, rows: Float[np.ndarray, "draws rows"]
) -> Float[np.ndarray, "draws seeds"]:
    """Return the gain in a language by each draw of its rows."""
    drawn = (np.tensordot(rows, side[tag], (1, 1)) for side in (sides.method, sides.control))
    method, control = map(sides.value, drawn)
    return method - control


def _weights(generator: np.random.Generator, number: int, draws: int) -> Float[np.ndarray, "draws number"]:
    """Return how often each of a number of things is in each draw."""
    return generator.multinomial(number, np.full(number, 1 / number), size=draws).astype(np.float64)
