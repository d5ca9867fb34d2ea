"""Invertible blocks on the embeddings, inverted before the decoder (NICE, Dinh et al. 2015; MAD-X, 3.3)."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor, nn

from xling.modules.bottleneck import BottleneckConfig, Reduction
from xling.modules.kind import NONLINEARITIES, Kind, Nonlinearity, PartConfig, linear
from xling.sites import NO_ROWS, EncoderShape, Hidden, Rows


class InvertibleConfig(PartConfig, frozen=True):
    """The settings of an invertible block.

    Attributes:
        reduction_factor: Half the hidden size divided by the width of the hidden layers of both couplings.
        nonlinearity: The activation in the couplings.
        std: The standard deviation of the initial weights of their first layers; the second ones start at 0.
    """

    kind: Literal["invertible"] = "invertible"
    reduction_factor: Reduction = 2
    nonlinearity: Nonlinearity = "relu"
    std: Annotated[float, Field(ge=0)] = 0.02


class _Coupling(nn.Module):
    """A small network on half a state; its second layer starts at zero, so the block is the identity then."""

    def __init__(self, config: InvertibleConfig, half: int, generator: Generator) -> None:
        super().__init__()
        width = max(1, int(half // config.reduction_factor))
        self.into = linear(half, width, generator, std=config.std)
        self.out = linear(width, half, generator, std=0.0)
        self.nonlinearity = NONLINEARITIES[config.nonlinearity]

    def forward(self, states: Tensor) -> Tensor:
        return self.out(self.nonlinearity(self.into(states)))


class Invertible(nn.Module):
    """The block o1 = e1 + f(e2), o2 = e2 + g(o1), run without autocast so that the inverse stays exact."""

    def __init__(self, config: InvertibleConfig, shape: EncoderShape, generator: Generator) -> None:
        super().__init__()
        if shape.hidden % 2:
            raise ValueError(f"an invertible block halves the state: hidden {shape.hidden} is odd")
        self.f = _Coupling(config, shape.hidden // 2, generator)
        self.g = _Coupling(config, shape.hidden // 2, generator)

    def embed(self, states: Hidden, rows: Rows = NO_ROWS) -> Hidden:
        with torch.autocast(states.device.type, enabled=False):
            first, second = states.to(self.f.into.weight.dtype).chunk(2, dim=-1)
            first = first + self.f(second)
            return torch.cat([first, second + self.g(first)], dim=-1)

    def unembed(self, states: Hidden, rows: Rows = NO_ROWS) -> Hidden:
        with torch.autocast(states.device.type, enabled=False):
            first, second = states.to(self.f.into.weight.dtype).chunk(2, dim=-1)
            second = second - self.g(first)
            return torch.cat([first - self.f(second), second], dim=-1)


KIND = Kind(
    "invertible",
    InvertibleConfig,
    Invertible,
    identity=True,
    merges="none",
    presets={"madx": (BottleneckConfig(reduction_factor=2), InvertibleConfig())},
)
