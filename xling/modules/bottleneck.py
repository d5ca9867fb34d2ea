"""Bottleneck adapters: sequential (Pfeiffer, Houlsby) and parallel; they differ in input and place.

Sources: Houlsby et al. 2019; Pfeiffer et al. 2020 (MAD-X, equations 1 and 2); He et al. 2022 (parallel).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field
from torch import Generator, Tensor, nn

from xling.modules.kind import NONLINEARITIES, Kind, Nonlinearity, PartConfig, linear
from xling.sites import PLACES, EncoderShape, Hidden, Place, ResidualState

Reduction = Annotated[float, Field(ge=0.01)]  # a smaller one would only fill the memory


class BottleneckOptions(PartConfig, frozen=True):
    """The settings of a bottleneck: a down projection, a non-linearity and an up projection.

    Attributes:
        reduction_factor: The hidden size divided by the width of the bottleneck.
        nonlinearity: The activation between the projections.
        places: The residual sites in a layer that get a bottleneck.
        reads: The input: `normed` is norm(f + r), `sublayer` is f, `residual` is r.
        stacking: How it combines with a part below. `adapterhub` reads that part's output and adds to it;
            `madx` reads it without a norm and replaces it in the residual stream (TA of the MAD-X paper).
        scaling: The factor on the output.
        leave_out: The layers without a bottleneck; negative numbers count from the top.
        std: The standard deviation of the initial down projection.
        up_std: The same of the up projection; 0 makes a new bottleneck the identity.
    """

    reduction_factor: Reduction = 16
    nonlinearity: Nonlinearity = "relu"
    places: Annotated[tuple[Place, ...], Field(max_length=len(PLACES))] = ("after_ffn",)
    reads: Literal["normed", "sublayer", "residual"] = "normed"
    stacking: Literal["adapterhub", "madx"] = "adapterhub"
    scaling: float = 1.0
    leave_out: tuple[int, ...] = ()
    std: Annotated[float, Field(ge=0)] = 0.02
    up_std: Annotated[float, Field(ge=0)] = 0.0

    def numbers(self, shape: EncoderShape) -> int:
        """Return how many parameters all bottlenecks have on an encoder."""
        width = self.width(shape.hidden)
        return len(self.sites(shape)) * (2 * shape.hidden * width + shape.hidden + width)

    def sites(self, shape: EncoderShape) -> list[tuple[int, Place]]:
        """Return the (layer, place) pairs that have a bottleneck."""
        return [(layer, place) for layer in shape.layers_but(self.leave_out) for place in self.places]

    @property
    def replaces(self) -> bool:
        """Whether what it adds replaces what parts below add."""
        return self.stacking == "madx"

    def input(self, state: ResidualState) -> Hidden:
        """Return what the down projection reads at a site."""
        if self.replaces and state.increment is not None:
            return state.raised()
        if self.reads == "residual":
            return state.residual
        return state.normed() if self.reads == "normed" else state.raised()

    def width(self, hidden: int) -> int:
        """Return the width of the bottleneck, at least 1."""
        return max(1, int(hidden // self.reduction_factor))


class BottleneckConfig(BottleneckOptions, frozen=True):
    """The settings of a bottleneck whose parameters are all trained."""

    kind: Literal["bottleneck"] = "bottleneck"


class Bottleneck(nn.Module):
    """One pair of projections, which computes up(act(down(x))) without the scaling."""

    def __init__(self, config: BottleneckConfig, hidden: int, generator: Generator) -> None:
        super().__init__()
        self.down = linear(hidden, config.width(hidden), generator, std=config.std)
        self.up = linear(config.width(hidden), hidden, generator, std=config.up_std)
        self.nonlinearity = NONLINEARITIES[config.nonlinearity]

    def forward(self, states: Hidden) -> Hidden:
        return self.up(self.nonlinearity(self.down(states)))


class Bottlenecks(nn.Module):
    """The bottlenecks of all layers, by keys `layer/place`."""

    def __init__(self, config: BottleneckConfig, shape: EncoderShape, generator: Generator) -> None:
        super().__init__()
        self.config = config
        self.sites = config.sites(shape)
        self.at = nn.ModuleDict(
            {f"{layer}/{place}": Bottleneck(config, shape.hidden, generator) for layer, place in self.sites}
        )

    def residual_sites(self) -> Iterable[tuple[int, Place]]:
        return self.sites

    @property
    def replaces(self) -> bool:
        return self.config.replaces

    def own(self, layer: int, place: Place, state: ResidualState) -> Tensor:
        return self(layer, place, state)

    def forward(self, layer: int, place: Place, state: ResidualState) -> Tensor:
        """Return the increment of this part alone."""
        return self.config.scaling * self.at[f"{layer}/{place}"](self.config.input(state))


KIND = Kind(
    "bottleneck",
    BottleneckConfig,
    Bottlenecks,
    identity=True,
    merges="none",
    presets={
        "bottleneck": (BottleneckConfig(),),
        "houlsby": (BottleneckConfig(places=PLACES, reads="sublayer", nonlinearity="silu"),),
        "parallel": (BottleneckConfig(reads="residual", reduction_factor=2, scaling=4.0),),
    },
)
