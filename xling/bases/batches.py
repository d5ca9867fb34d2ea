"""Rows of piece ids as padded tensors, and the precision a processor is good at."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from jaxtyping import Int
from torch import Tensor


def pad_rows(
    rows: Sequence[Sequence[int]], pad_id: int, device: str = "cpu"
) -> tuple[Int[Tensor, "rows length"], Int[Tensor, "rows length"]]:
    """Right-padded ids and their attention mask."""
    length = max(map(len, rows))
    ids = torch.full((len(rows), length), pad_id, dtype=torch.long)
    mask = torch.zeros((len(rows), length), dtype=torch.long)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.as_tensor(row, dtype=torch.long)
        mask[number, : len(row)] = 1
    return ids.to(device), mask.to(device)


def fast_bfloat16(device: str) -> bool:
    """Whether matrix products in bfloat16 run on units of their own (AMX, AVX512-BF16, a recent GPU)."""
    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported(including_emulation=False)
    checks = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return device == "cpu" and any(getattr(torch.cpu, name, lambda: False)() for name in checks)


def autocast(device: str, precision: str = "auto") -> AbstractContextManager:
    """`float32`, `bfloat16`, or `auto`: bfloat16 where it is fast."""
    if precision == "bfloat16" or (precision == "auto" and fast_bfloat16(device)):
        return torch.autocast(torch.device(device).type, dtype=torch.bfloat16)
    return nullcontext()
