"""(IA)3: learned scales of the keys, the values and the input of the feed-forward down projection.

Source: Liu et al. 2022, section 3.3. The feed-forward scale comes after the activation, as in the paper and
in PEFT; the AdapterHub library has it before the activation, which is a different function.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import torch
from torch import Generator, Tensor, nn

from xling.languages import UNKNOWN
from xling.modules.kind import Kind, PartConfig, grouped
from xling.modules.linear_sites import at_sites, site_of, sites_of_weight
from xling.sites import EncoderShape, key_of


class IA3Config(PartConfig, frozen=True):
    """The settings of (IA)3.

    Attributes:
        outputs: The linear sites whose output is scaled.
        inputs: The linear sites whose input is scaled; the paper uses "ffn.down".
        leave_out: The layers without scales; negative numbers count from the top.
    """

    kind: Literal["ia3"] = "ia3"
    outputs: tuple[str, ...] = ("attention.key", "attention.value")
    inputs: tuple[str, ...] = ("ffn.down",)
    leave_out: tuple[int, ...] = ()


class IA3(nn.Module):
    """A scale for each unit of each site; all scales start at 1, which is the identity."""

    reads_language = False

    def __init__(self, outputs: Mapping[str, Tensor], inputs: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.outputs = nn.ParameterDict({key: nn.Parameter(value) for key, value in outputs.items()})
        self.inputs = nn.ParameterDict({key: nn.Parameter(value) for key, value in inputs.items()})

    @classmethod
    def fresh(cls, config: IA3Config, shape: EncoderShape, generator: Generator) -> IA3:
        """Start with scales of 1 at every site."""
        outputs = at_sites(config.outputs, shape, config.leave_out)
        inputs = at_sites(config.inputs, shape, config.leave_out)
        return cls(
            {key_of(place): torch.ones(site.stop - site.start) for place, site in outputs.items()},
            {key_of(place): torch.ones(site.inputs) for place, site in inputs.items()},
        )

    @classmethod
    def restore(cls, config: IA3Config, shape: EncoderShape, tensors: Mapping[str, Tensor]) -> IA3:
        """Rebuild the part from its stored scales."""
        return cls(*grouped(tensors, "outputs", "inputs"))

    def weight_names(self, shape: EncoderShape) -> Iterable[str]:
        for key in self.outputs:
            site = site_of(key, shape)
            yield from (site.weight, *([site.bias] if site.bias else ()))
        for key in self.inputs:
            yield site_of(key, shape).weight

    def weight(self, name: str, below: Tensor, shape: EncoderShape, language: str = UNKNOWN) -> Tensor:
        for key, scale in self.outputs.items():
            site = site_of(key, shape)
            if name in (site.weight, site.bias):
                # rows outside the site keep their values
                rows = nn.functional.pad(scale, (site.start, below.shape[0] - site.stop), value=1.0)
                below = below * (rows if name == site.bias else rows[:, None])
        for key, site in sites_of_weight(name, self.inputs, shape):
            chosen = torch.zeros(below.shape[0], 1, device=below.device)
            chosen[site.start : site.stop] = 1
            below = below * (1 + chosen * (self.inputs[key] - 1))
        return below


KIND = Kind(
    "ia3",
    IA3Config,
    IA3.fresh,
    identity=True,
    merges="weights",
    presets={"ia3": (IA3Config(),)},
    restore=IA3.restore,
)
