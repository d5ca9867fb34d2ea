"""A gated mixture: for each token, the share of what each of several plans adds, with a penalty on its load.

Sources: Jacobs et al. 1991 (mixtures of experts); Shazeer et al. 2017 (section 4, the importance loss). Under
it, plans may be parallel modules on the same states, as in K-Adapter (Wang et al. 2021).
"""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor, nn

from xling.modules.combining import CombinerConfig
from xling.modules.kind import Kind, linear
from xling.sites import EncoderShape, Hidden, Place, ResidualState


class GateConfig(CombinerConfig, frozen=True):
    """The settings of a gated mixture. Untrained, it is the mean with equal weights.

    Attributes:
        load: The weight of the load penalty: the squared coefficient of variation of the plans' importance,
            which is the sum of their shares over the tokens of a batch.
    """

    kind: Literal["gate"] = "gate"
    load: Annotated[float, Field(ge=0)] = 0.01


class Gate(nn.Module):
    """The linear gates of all sites, by keys `layer/place`."""

    def __init__(self, config: GateConfig, shape: EncoderShape, generator: Generator) -> None:
        super().__init__()
        self.config, self.branches, self.sites = config, config.branches, config.sites(shape)
        self.at = nn.ModuleDict(
            {
                f"{layer}/{place}": linear(shape.hidden, config.branches, generator, std=0.0)
                for layer, place in self.sites
            }
        )
        self._loads: list[Tensor] = []  # of the passes since the last penalty

    def combine(self, layer: int, place: Place, state: ResidualState, branches: list[Hidden]) -> Hidden:
        shares = self.at[f"{layer}/{place}"](state.normed()).softmax(-1)
        if self.training and self.config.load:
            self._loads.append(_uneven(shares, state.rows.mask))
        return (shares.movedim(-1, 0)[..., None] * torch.stack(branches)).sum(0)

    def penalty(self, shape: EncoderShape) -> Tensor | None:
        """Return the load penalty of the passes since the last call, or None if there were none."""
        found, self._loads = self._loads, []
        return self.config.load * torch.stack(found).mean() if found else None


def _uneven(shares: Tensor, mask: Tensor | None) -> Tensor:
    """Return the squared coefficient of variation of the plans' sums over tokens.

    shares: [rows, length, branches]. mask: the attention mask [rows, length]; padding counts for nothing.
    """
    seen = shares if mask is None else shares * mask[..., None]
    importance = seen.flatten(0, -2).sum(0)
    return importance.var(unbiased=False) / importance.mean().square().clamp_min(1e-10)


KIND = Kind("gate", GateConfig, Gate, identity=False, merges="none", presets={"gate": (GateConfig(),)})
