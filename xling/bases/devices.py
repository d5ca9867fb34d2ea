"""Which devices this machine has."""

from __future__ import annotations

import torch

from xling.errors import InputError


def devices() -> list[str]:
    """Those that `--device` may name here."""
    return ["cpu", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]


def checked_device(device: str) -> str:
    """The device itself; InputError, with those there are, where torch cannot put a tensor on it."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # unknown to torch; torch was built without it
        raise InputError(
            f"{device!r} is no device of this machine", where="--device", choices=devices()
        ) from error
    return device
