"""Padding rows of piece ids into tensors."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Int
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence


def pad_rows(
    rows: Sequence[Sequence[int]], pad_id: int, device: str = "cpu"
) -> tuple[Int[Tensor, "rows length"], Int[Tensor, "rows length"]]:
    """Return the rows as right-padded ids, and their attention mask."""
    pieces = [torch.as_tensor(row, dtype=torch.long) for row in rows]
    ids = pad_sequence(pieces, batch_first=True, padding_value=pad_id)
    mask = pad_sequence([torch.ones_like(row) for row in pieces], batch_first=True)
    return ids.to(device), mask.to(device)
