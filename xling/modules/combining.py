"""What kinds that combine plans have in common: how many plans, and at which residual sites."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from xling.modules.kind import PartConfig
from xling.sites import PLACES, EncoderShape, Place


class CombinerConfig(PartConfig, frozen=True):
    """The settings of a part that combines what several plans add to hidden states.

    Attributes:
        branches: The number of plans; a training takes it from its plan.
        places: The residual sites in a layer where the plans act.
        leave_out: The layers where none of them acts; negative numbers count from the top.
    """

    branches: Annotated[int, Field(ge=1, le=1000)] = 2
    places: Annotated[tuple[Place, ...], Field(max_length=len(PLACES))] = ("after_ffn",)
    leave_out: tuple[int, ...] = ()

    def sites(self, shape: EncoderShape) -> list[tuple[int, Place]]:
        """Return the (layer, place) pairs with learned weights."""
        return [(layer, place) for layer in shape.layers_but(self.leave_out) for place in self.places]
