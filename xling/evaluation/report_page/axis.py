"""Round numbers for an axis."""

from __future__ import annotations

import math


def round_ticks(low: float, high: float, *, at_most: int) -> tuple[float, ...]:
    """Round numbers at equal steps that enclose the span, in about `at_most` steps.

    A span that is next to nothing beside the values is drawn on an axis as long as they are large.
    """
    size = max(abs(low), abs(high), 1e-3)
    span = high - low if high - low > 1e-6 * max(size, 1.0) else size
    size = 10.0 ** math.floor(math.log10(span))
    factors = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
    step = next((size * factor for factor in factors if span / (size * factor) <= at_most), size * 10)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(round(step * index, 9) for index in range(first, max(last, first + 1) + 1))
