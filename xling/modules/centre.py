"""Centring: a language's pooled states are given the mean and the deviation of the source's.

Source: Libovicky et al. 2020 (On the Language Neutrality of Pre-trained Multilingual Representations), whose
centred states keep their own deviation. Both are taken from unlabelled text, so nothing is trained.
"""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from xling.modules.kind import Kind, PartConfig
from xling.sites import EncoderShape, Rows


class CentreConfig(PartConfig, frozen=True):
    """The settings of a centre; there are none."""

    kind: Literal["centre"] = "centre"


class Centre(nn.Module):
    """The mean and the standard deviation of mean-pooled states, of the language and of the source."""

    def __init__(self, config: CentreConfig, shape: EncoderShape, generator: Generator) -> None:
        super().__init__()
        self.mean, self.source_mean = (nn.Buffer(torch.zeros(shape.hidden)) for _ in range(2))
        self.deviation, self.source_deviation = (nn.Buffer(torch.ones(shape.hidden)) for _ in range(2))

    def pooled(self, states: Float[Tensor, "rows hidden"], rows: Rows) -> Float[Tensor, "rows hidden"]:
        """Return (x - mean) / deviation * deviation of the source + mean of the source."""
        scale = self.source_deviation / self.deviation
        return states * scale + (self.source_mean - self.mean * scale)


KIND = Kind(
    "centre",
    CentreConfig,
    Centre,
    identity=True,
    merges="none",
    presets={"centre": (CentreConfig(),)},
    learns=False,
)
