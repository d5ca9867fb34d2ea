"""In what precision matrix products run: float32 unless somebody asks for another.

A processor with bfloat16 units trains faster on them, but its scores differ in the third digit. So what is
measured, predicted, folded or exported is computed in float32 on every machine, and a training says in the
module's facts what it chose.
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
    """The precision of a name; InputError lists the names."""
    names: tuple[Precision, ...] = get_args(Precision)
    for name in names:
        if name == precision:
            return name
    raise InputError(f"no precision is called {precision!r}", where="--precision", choices=names)


def fast_bfloat16(device: str) -> bool:
    """Whether matrix products in bfloat16 run on units of their own (AMX, AVX512-BF16, a recent GPU)."""
    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported(including_emulation=False)
    checks = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return device == "cpu" and any(getattr(torch.cpu, name, lambda: False)() for name in checks)


def chosen_precision(precision: TrainingPrecision, device: str) -> Precision:
    """What a training computes in: as it was told, or with `auto` bfloat16 where that is fast."""
    if precision == "auto":
        return "bfloat16" if fast_bfloat16(device) else FLOAT32
    return precision


def computing_in(precision: Precision, device: str) -> AbstractContextManager:
    """Matrix products inside run in this precision, whatever the caller's own autocast says."""
    kind = torch.device(device).type
    if not torch.amp.is_autocast_available(kind):
        return nullcontext()
    return torch.autocast(kind, dtype=torch.bfloat16, enabled=precision != FLOAT32)
