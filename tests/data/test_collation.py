"""Batches: every row once, filled by padded tokens, the same for the same seed and epoch."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling.data.collation import bucketed_batches, sequential_batches

LENGTHS = st.lists(st.integers(1, 300), max_size=200)


def padded(batch: list[int], lengths: list[int]) -> int:
    return len(batch) * max(lengths[row] for row in batch)


@given(LENGTHS, st.integers(1, 600), st.integers(0, 2**32), st.integers(0, 50), st.none() | st.integers(1, 8))
def test_every_row_once_and_no_batch_too_big(
    lengths: list[int], max_tokens: int, seed: int, epoch: int, max_rows: int | None
) -> None:
    for batches in (
        bucketed_batches(lengths, max_tokens=max_tokens, seed=seed, epoch=epoch, max_rows=max_rows),
        sequential_batches(lengths, max_tokens=max_tokens, max_rows=max_rows),
    ):
        assert Counter(row for batch in batches for row in batch) == Counter(range(len(lengths)))
        assert all(len(batch) == 1 or padded(batch, lengths) <= max_tokens for batch in batches)
        assert max_rows is None or all(len(batch) <= max_rows for batch in batches)


@given(LENGTHS, st.integers(1, 600), st.integers(0, 9), st.integers(0, 9))
def test_the_order_is_a_function_of_seed_and_epoch(
    lengths: list[int], max_tokens: int, seed: int, epoch: int
) -> None:
    first = bucketed_batches(lengths, max_tokens=max_tokens, seed=seed, epoch=epoch)
    assert first == bucketed_batches(lengths, max_tokens=max_tokens, seed=seed, epoch=epoch)


def test_epochs_and_seeds_differ_and_padding_is_small() -> None:
    lengths = [5 + (number * 37) % 120 for number in range(2000)]
    orders = [
        bucketed_batches(lengths, max_tokens=1024, seed=seed, epoch=epoch)
        for seed, epoch in ((0, 0), (0, 1), (1, 0))
    ]
    assert orders[0] != orders[1] and orders[0] != orders[2] and orders[1] != orders[2]
    for batches in orders:
        waste = sum(padded(batch, lengths) for batch in batches) / sum(lengths)
        assert waste < 1.1


@pytest.mark.parametrize("lengths", [[], [7], [3, 3, 3, 3]])
def test_sequential_batches_are_sorted_and_stable(lengths: list[int]) -> None:
    batches = sequential_batches(lengths, max_tokens=6)
    rows = [row for batch in batches for row in batch]
    assert rows == sorted(range(len(lengths)), key=lambda row: lengths[row])
