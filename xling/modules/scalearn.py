"""ScaLearn: a learned factor for what each of several plans adds, without a softmax.

Source: Frohmann et al. 2024 (ScaLearn, section 3; Uniform, ++ and Uniform++ are its smaller variants).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Generator, nn
from torch.nn.functional import dropout

from xling.modules.combining import CombinerConfig
from xling.modules.kind import Kind
from xling.sites import EncoderShape, Hidden, Place, ResidualState


class ScaLearnConfig(CombinerConfig, frozen=True):
    """The settings of ScaLearn.

    Attributes:
        uniform: Whether a plan has one factor for all dimensions, or one for each.
        shared: Whether all layers have the same factors.
        dropout: The share of factors that are left out in each pass of the training.
        scale: The mean of the initial factors, times the number of plans; 1 starts near their mean.
        std: The standard deviation of the initial factors.
    """

    kind: Literal["scalearn"] = "scalearn"
    uniform: bool = False
    shared: bool = False
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    scale: float = 2.0
    std: Annotated[float, Field(ge=0)] = 0.001


class ScaLearn(nn.Module):
    """The factors [branches, hidden or 1] of all sites, by keys `layer/place`, or `place` where shared."""

    def __init__(self, config: ScaLearnConfig, shape: EncoderShape, generator: Generator) -> None:
        super().__init__()
        self.config, self.branches, self.sites = config, config.branches, config.sites(shape)
        size = (config.branches, 1 if config.uniform else shape.hidden)
        drawn = {
            key: config.scale / config.branches + config.std * torch.randn(size, generator=generator)
            for key in dict.fromkeys(self._key(*site) for site in self.sites)
        }
        self.at = nn.ParameterDict({key: nn.Parameter(value) for key, value in drawn.items()})

    def combine(self, layer: int, place: Place, state: ResidualState, branches: Sequence[Hidden]) -> Hidden:
        factors = dropout(self.at[self._key(layer, place)], self.config.dropout, self.training)
        return torch.stack([own * factor for own, factor in zip(branches, factors, strict=True)]).sum(0)

    def _key(self, layer: int, place: Place) -> str:
        return place if self.config.shared else f"{layer}/{place}"


KIND = Kind(
    "scalearn",
    ScaLearnConfig,
    ScaLearn,
    identity=False,
    merges="none",
    presets={
        "scalearn": (ScaLearnConfig(),),
        "scalearn-uniform": (ScaLearnConfig(uniform=True),),
        "scalearn++": (ScaLearnConfig(shared=True),),
        "scalearn-uniform++": (ScaLearnConfig(uniform=True, shared=True),),
    },
)
