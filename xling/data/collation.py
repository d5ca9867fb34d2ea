"""Grouping rows into batches: rows of similar length together, up to a number of padded pieces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_POOL_BATCHES = 50


def bucketed_batches(
    lengths: Sequence[int], *, max_tokens: int, seed: int, epoch: int, max_rows: int | None = None
) -> list[list[int]]:
    """Group rows of similar length into batches, each row once, in an order given by seed and epoch.

    lengths: the number of pieces in each row.
    max_tokens: the largest batch, as its number of rows times its longest length; a longer row is a batch
        alone.
    max_rows: the largest number of rows in a batch.
    """
    generator = np.random.default_rng([seed, epoch])
    order = generator.permutation(len(lengths))
    mean = sum(lengths) / max(1, len(lengths))
    # sorting all rows would give the same batches in every epoch, so rows are sorted within pools
    pool = max(1, int(_POOL_BATCHES * max_tokens / max(1.0, mean)))
    batches: list[list[int]] = []
    for start in range(0, len(order), pool):
        rows = sorted(order[start : start + pool].tolist(), key=lambda row: lengths[row])
        batches += _fill(rows, lengths, max_tokens, max_rows)
    return [batches[number] for number in generator.permutation(len(batches))]


def sequential_batches(
    lengths: Sequence[int], *, max_tokens: int, max_rows: int | None = None
) -> list[list[int]]:
    """Group rows into batches for inference, shortest first; rows of equal length keep their order."""
    rows = sorted(range(len(lengths)), key=lambda row: lengths[row])
    return _fill(rows, lengths, max_tokens, max_rows)


def _fill(
    rows: Sequence[int], lengths: Sequence[int], max_tokens: int, max_rows: int | None
) -> list[list[int]]:
    """Cut rows that are sorted by length into batches that stay within both limits."""
    batches: list[list[int]] = []
    current: list[int] = []
    for row in rows:
        full = lengths[row] * (len(current) + 1) > max_tokens or len(current) == max_rows
        if current and full:
            batches.append(current)
            current = []
        current.append(row)
    return [*batches, current] if current else batches


class BatchOrder:
    """The batches of all epochs, numbered consecutively. `lengths` are the numbers of pieces per row."""

    def __init__(
        self, lengths: Sequence[int], *, max_tokens: int, seed: int, max_rows: int | None = None
    ) -> None:
        assert lengths, "an order of no rows never comes to a batch"
        self.lengths, self.max_tokens, self.seed, self.max_rows = lengths, max_tokens, seed, max_rows
        self._epoch, self._first, self._batches = 0, 0, self._plan(0)

    def per_epoch(self) -> int:
        """Return the number of batches in the first epoch; later epochs differ by a few."""
        return len(self._plan(0))

    def at(self, number: int) -> list[int]:
        """Return the row numbers of batch `number`."""
        if number < self._first:
            self._epoch, self._first, self._batches = 0, 0, self._plan(0)
        while number >= self._first + len(self._batches):
            self._first += len(self._batches)
            self._epoch += 1
            self._batches = self._plan(self._epoch)
        return self._batches[number - self._first]

    def _plan(self, epoch: int) -> list[list[int]]:
        return bucketed_batches(
            self.lengths, max_tokens=self.max_tokens, seed=self.seed, epoch=epoch, max_rows=self.max_rows
        )
