"""Padding rows of piece ids into tensors."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Int
from torch import Tensor


def pad_rows(
    rows: Sequence[Sequence[int]], pad_id: int, device: str = "cpu"
) -> tuple[Int[Tensor, "rows length"], Int[Tensor, "rows length"]]:
    """Return the rows as right-padded ids, and their attention mask."""
    length = max(map(len, rows))
    ids = torch.full((len(rows), length), pad_id, dtype=torch.long)
    mask = torch.zeros((len(rows), length), dtype=torch.long)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.as_tensor(row, dtype=torch.long)
        mask[number, : len(row)] = 1
    return ids.to(device), mask.to(device)
