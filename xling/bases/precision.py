"""The precision of matrix products: float32 unless another one is asked for.

A processor with bfloat16 units trains faster with them, but scores then differ in the third digit. So
evaluation, prediction, merging and export use float32 on every machine, and training records its precision in
the facts of the module.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Literal, get_args

import torch
from torch.backends import cuda
from torch.nn.attention import SDPBackend, sdpa_kernel

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
    kind, short = torch.device(device).type, precision != FLOAT32
    if not torch.amp.is_autocast_available(kind):
        return nullcontext()
    context = ExitStack()
    context.enter_context(torch.autocast(kind, dtype=torch.bfloat16, enabled=short))
    if kind == "cpu" and short and torch.is_grad_enabled():
        context.enter_context(_plain_attention())
    return context


@contextmanager
def _plain_attention() -> Iterator[None]:
    """Compute attention step by step: the fused kernel's backward takes half of a step in bfloat16."""
    allowed = cuda.fp16_bf16_reduction_math_sdp_allowed()  # the name says cuda, but it counts on the CPU too
    cuda.allow_fp16_bf16_reduction_math_sdp(True)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        cuda.allow_fp16_bf16_reduction_math_sdp(allowed)
