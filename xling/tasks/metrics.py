"""Metrics computed from sums over examples: micro F1 of sets, and the share of right answers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float


def overlaps(pairs: Iterable[tuple[set, set]]) -> Float[np.ndarray, "examples 3"]:
    """Count right, predicted and gold answers. pairs: the sets (gold, predicted) of each example."""
    return np.array([(len(gold & found), len(found), len(gold)) for gold, found in pairs], float).reshape(
        -1, 3
    )


def f1(sums: Float[np.ndarray, "*any 3"]) -> Float[np.ndarray, "*any"]:
    """Micro F1 in percent from added `overlaps`; zero when there are neither gold nor predicted answers."""
    right, found, gold = np.moveaxis(sums, -1, 0)
    return np.asarray(100 * 2 * right / np.maximum(found + gold, 1))


def share(sums: Float[np.ndarray, "*any sums"]) -> Float[np.ndarray, "*any"]:
    """The first of added counts (right) in percent of the last (all); zero when there are none."""
    return np.asarray(100 * sums[..., 0] / np.maximum(sums[..., -1], 1))
