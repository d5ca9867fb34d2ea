"""What every part's configuration has in common, and the few choices that several kinds share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict
from torch import Generator, Tensor, nn

Nonlinearity = Literal["relu", "gelu", "gelu_tanh", "silu", "tanh"]

NONLINEARITIES: dict[Nonlinearity, Callable[[Tensor], Tensor]] = {
    "relu": torch.nn.functional.relu,
    "gelu": torch.nn.functional.gelu,
    "gelu_tanh": lambda value: torch.nn.functional.gelu(value, approximate="tanh"),
    "silu": torch.nn.functional.silu,
    "tanh": torch.tanh,
}


class PartConfig(BaseModel):
    """A frozen, strict value; `kind` is the tag under which the registry knows its builder."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    kind: str


def linear(inputs: int, outputs: int, generator: Generator, *, std: float) -> nn.Linear:
    """A linear map with weights from N(0, std) (zeros for std 0) and zero bias."""
    layer = nn.Linear(inputs, outputs, device="meta").to_empty(device="cpu")
    with torch.no_grad():
        layer.weight.copy_(torch.randn(outputs, inputs, generator=generator) * std)
        layer.bias.copy_(torch.zeros(outputs))
    return layer
