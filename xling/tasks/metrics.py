"""Metrics of what examples add up to: micro F1 of sets of answers, and the share of what is right."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float


def overlaps(pairs: Iterable[tuple[set, set]]) -> Float[np.ndarray, "examples 3"]:
    """Of (gold, found) per example: how many are right, found, in gold."""
    return np.array([(len(gold & found), len(found), len(gold)) for gold, found in pairs], float).reshape(
        -1, 3
    )


def f1(sums: Float[np.ndarray, "*any 3"]) -> Float[np.ndarray, "*any"]:
    """Micro F1 in percent of summed overlaps; zero where there is nothing to find and nothing found."""
    right, found, gold = np.moveaxis(sums, -1, 0)
    return np.asarray(100 * 2 * right / np.maximum(found + gold, 1))


def share(sums: Float[np.ndarray, "*any sums"]) -> Float[np.ndarray, "*any"]:
    """What is right, the first of summed counts, in percent of all, the last of them; zero of none."""
    return np.asarray(100 * sums[..., 0] / np.maximum(sums[..., -1], 1))
