"""Which rows a forward pass reads: a function of (seed, pass number) alone."""

from __future__ import annotations

from collections.abc import Sequence

from xling.data.collation import bucketed_batches


class BatchOrder:
    """Batches of all epochs, numbered through. `lengths` are pieces per row."""

    def __init__(
        self, lengths: Sequence[int], *, max_tokens: int, seed: int, max_rows: int | None = None
    ) -> None:
        assert lengths, "an order of no rows never comes to a batch"
        self.lengths, self.max_tokens, self.seed, self.max_rows = lengths, max_tokens, seed, max_rows
        self._epoch, self._first, self._batches = 0, 0, self._plan(0)

    def per_epoch(self) -> int:
        """Batches in the first epoch; later ones differ by a few."""
        return len(self._plan(0))

    def at(self, number: int) -> list[int]:
        """The rows of batch `number`."""
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
