"""The precision of matrix products: float32 unless another one is asked for.

A processor with bfloat16 units trains faster with them, but scores then differ in the third digit. So
evaluation, prediction, merging and export use float32 on every machine, and training records its precision in
the facts of the module.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Literal, get_args

import torch

from xling.errors import InputError

Precision = Literal["float32", "bfloat16"]
TrainingPrecision = Literal["auto", Precision]
FLOAT32: Precision = "float32"


def checked_precision(precision: str) -> Precision:
    """Return the precision of this name. Raises InputError, which lists the names, for an unknown one."""
    names: tuple[Precision, ...] = get_args(Precision)
    if precision not in names:
        raise InputError(f"no precision is called {precision!r}", where="--precision", choices=names)
    return precision


def fast_bfloat16(device: str) -> bool:
    """Return whether the device has special units for bfloat16 (AMX, AVX512-BF16, a recent GPU)."""
    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported(including_emulation=False)
    checks = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return device == "cpu" and any(getattr(torch.cpu, name, lambda: False)() for name in checks)


def chosen_precision(precision: TrainingPrecision, device: str) -> Precision:
    """Return the precision to train in; `auto` means bfloat16 where the device is fast at it."""
    if precision == "auto":
        return "bfloat16" if fast_bfloat16(device) else FLOAT32
    return precision


def computing_in(precision: Precision, device: str) -> AbstractContextManager:
    """Return a context in which matrix products have this precision, whatever autocast is set outside."""
    kind = torch.device(device).type
    if not torch.amp.is_autocast_available(kind):
        return nullcontext()
    return torch.autocast(kind, dtype=torch.bfloat16, enabled=precision != FLOAT32)
