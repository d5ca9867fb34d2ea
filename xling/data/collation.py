"""Which rows go into which batch: filled by padded pieces, bucketed by length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_POOL_BATCHES = 50


def bucketed_batches(
    lengths: Sequence[int], *, max_tokens: int, seed: int, epoch: int, max_rows: int | None = None
) -> list[list[int]]:
    """Every row once, rows of like length together, in an order that (seed, epoch) alone decides.

    lengths: pieces of each row. max_tokens: rows times the longest length of a batch; a row longer
    than that is a batch of its own. max_rows: rows of a batch at most.
    """
    generator = np.random.default_rng([seed, epoch])
    order = generator.permutation(len(lengths))
    mean = sum(lengths) / max(1, len(lengths))
    # sorting all rows would make the same batches in every epoch: sort within pools of some batches
    pool = max(1, int(_POOL_BATCHES * max_tokens / max(1.0, mean)))
    batches: list[list[int]] = []
    for start in range(0, len(order), pool):
        rows = sorted(order[start : start + pool].tolist(), key=lambda row: lengths[row])
        batches += _fill(rows, lengths, max_tokens, max_rows)
    return [batches[number] for number in generator.permutation(len(batches))]


def sequential_batches(
    lengths: Sequence[int], *, max_tokens: int, max_rows: int | None = None
) -> list[list[int]]:
    """Every row once, shortest first, equal lengths in their own order: for inference."""
    rows = sorted(range(len(lengths)), key=lambda row: lengths[row])
    return _fill(rows, lengths, max_tokens, max_rows)


def _fill(
    rows: Sequence[int], lengths: Sequence[int], max_tokens: int, max_rows: int | None
) -> list[list[int]]:
    """Rows sorted by length, cut where one more (the longest so far) would be too many."""
    batches: list[list[int]] = []
    current: list[int] = []
    for row in rows:
        full = lengths[row] * (len(current) + 1) > max_tokens or len(current) == max_rows
        if current and full:
            batches.append(current)
            current = []
        current.append(row)
    return [*batches, current] if current else batches
