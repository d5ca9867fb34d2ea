"""The mean of what several plans add, with learned weights: one for each plan and site, by a softmax.

It is a mean of adapters as in Wang et al. 2021 (EMEA, equation 2), with weights from training.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Generator, nn

from xling.modules.combining import CombinerConfig
from xling.modules.kind import Kind
from xling.sites import EncoderShape, Hidden, Place, ResidualState


class LearnedMeanConfig(CombinerConfig, frozen=True):
    """The settings of a learned mean. Untrained, it is the mean with equal weights."""

    kind: Literal["learned_mean"] = "learned_mean"


class LearnedMean(nn.Module):
    """The logits [branches] of all sites, by keys `layer/place`."""

    def __init__(self, config: LearnedMeanConfig, shape: EncoderShape, generator: Generator) -> None:
        super().__init__()
        self.branches, self.sites = config.branches, config.sites(shape)
        self.at = nn.ParameterDict(
            {f"{layer}/{place}": nn.Parameter(torch.zeros(config.branches)) for layer, place in self.sites}
        )

    def combine(self, layer: int, place: Place, state: ResidualState, branches: Sequence[Hidden]) -> Hidden:
        shares = self.at[f"{layer}/{place}"].softmax(0)
        return torch.stack([own * share for own, share in zip(branches, shares, strict=True)]).sum(0)


KIND = Kind(
    "learned_mean",
    LearnedMeanConfig,
    LearnedMean,
    identity=False,
    merges="none",
    presets={"learned-mean": (LearnedMeanConfig(),)},
)
