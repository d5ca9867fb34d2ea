"""Noise in the frozen encoder while a module above it is trained, so that it learns to bear other states."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from xling.sites import ResidualState


@dataclass(frozen=True)
class Noise:
    """What is disturbed in training; nothing is at inference.

    dropout: whether the dropout of the frozen encoder is active.
    jitter: the standard deviation of the noise that is added after every layer, as a share of the root mean
    square of each state.
    """

    dropout: bool = False
    jitter: float = 0.0


NO_NOISE = Noise()


def shaken(increment: Tensor | None, state: ResidualState, jitter: float) -> Tensor:
    """Return what is added to states, [rows, length, hidden], with noise in every direction.

    The noise comes from torch's generator, as dropout's does.
    """
    states = (state.sublayer + state.residual).detach()
    size = states.square().mean(dim=-1, keepdim=True).sqrt()
    noise = jitter * size * torch.randn_like(states)
    return noise if increment is None else increment + noise
