"""LoRA: low-rank changes of linear layers, W + s B A (Hu et al. 2022; rsLoRA: Kalajdzievski 2023)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor, nn

from xling.languages import UNKNOWN
from xling.modules.kind import Kind, PartConfig, grouped
from xling.modules.linear_sites import at_sites, site_of, sites_of_weight
from xling.sites import EncoderShape, key_of


class LoraConfig(PartConfig, frozen=True):
    """The settings of LoRA.

    Attributes:
        rank: The number of rows of A.
        alpha: Sets the scale s to alpha / rank, or to alpha / sqrt(rank) with `rank_stabilised`.
        rank_stabilised: Whether to scale as in rsLoRA.
        sites: The names of the linear sites that are changed.
        leave_out: The layers without LoRA; negative numbers count from the top.
    """

    kind: Literal["lora"] = "lora"
    rank: Annotated[int, Field(gt=0, le=4096)] = 8
    alpha: Annotated[float, Field(gt=0)] = 16.0
    rank_stabilised: bool = False
    sites: tuple[str, ...] = ("attention.query", "attention.value")
    leave_out: tuple[int, ...] = ()

    @property
    def scale(self) -> float:
        """The factor s on the product B A."""
        return self.alpha / (math.sqrt(self.rank) if self.rank_stabilised else self.rank)


class Lora(nn.Module):
    """The factors A (`down`, [rank, inputs]) and B (`up`, [outputs, rank]) by site; B starts at zero."""

    reads_language = False

    def __init__(self, config: LoraConfig, down: Mapping[str, Tensor], up: Mapping[str, Tensor]) -> None:
        super().__init__()
        if down.keys() != up.keys():
            raise ValueError(f"A and B stand at different sites: {sorted(down.keys() ^ up.keys())}")
        for key in down:
            if down[key].shape[0] != config.rank or up[key].shape[1] != config.rank:
                raise ValueError(f"A and B at {key} are not of rank {config.rank}")
        self.config = config
        self.down = nn.ParameterDict({key: nn.Parameter(value) for key, value in down.items()})
        self.up = nn.ParameterDict({key: nn.Parameter(value) for key, value in up.items()})

    @classmethod
    def fresh(cls, config: LoraConfig, shape: EncoderShape, generator: Generator) -> Lora:
        """Start with A uniform between -1 / sqrt(inputs) and 1 / sqrt(inputs), and B zero."""
        places = at_sites(config.sites, shape, config.leave_out)
        down, up = {}, {}
        for place, site in places.items():
            bound = 1 / math.sqrt(site.inputs)
            drawn = torch.rand(config.rank, site.inputs, generator=generator)
            down[key_of(place)] = (2 * drawn - 1) * bound
            up[key_of(place)] = torch.zeros(site.stop - site.start, config.rank)
        return cls(config, down, up)

    @classmethod
    def restore(cls, config: LoraConfig, shape: EncoderShape, tensors: Mapping[str, Tensor]) -> Lora:
        """Rebuild the part from its stored factors."""
        return cls(config, *grouped(tensors, "down", "up"))

    def weight_names(self, shape: EncoderShape) -> Iterable[str]:
        return {site_of(key, shape).weight for key in self.down}

    def weight(self, name: str, below: Tensor, shape: EncoderShape, language: str = UNKNOWN) -> Tensor:
        for key, site in sites_of_weight(name, self.down, shape):
            change = self.config.scale * (self.up[key] @ self.down[key])
            below = below + nn.functional.pad(change, (0, 0, site.start, below.shape[0] - site.stop))
        return below


KIND = Kind(
    "lora",
    LoraConfig,
    Lora.fresh,
    identity=True,
    merges="weights",
    presets={"lora": (LoraConfig(),)},
    restore=Lora.restore,
)
