"""Full fine-tuning, for comparison: new values for all of the encoder's parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor, nn

from xling.languages import UNKNOWN
from xling.modules.kind import Kind, PartConfig
from xling.sites import EncoderShape, key_of, name_of


class FullConfig(PartConfig, frozen=True):
    """The settings of full fine-tuning.

    Attributes:
        leave_out: Prefixes of parameter names that keep the base's values and are not stored.
        freeze_norms: Whether the parameters of norms keep the base's values too.
        l1: The weight in the loss of the mean absolute difference from the base.
    """

    kind: Literal["full"] = "full"
    leave_out: tuple[str, ...] = ()
    freeze_norms: bool = False
    l1: Annotated[float, Field(ge=0)] = 0.0


def changeable(
    shape: EncoderShape, leave_out: tuple[str, ...], *, freeze_norms: bool
) -> Mapping[str, Tensor]:
    """Return the parameters that may change, sorted by name: a model's order differs between releases."""
    frozen = shape.norms if freeze_norms else frozenset()
    return {
        name: value
        for name, value in sorted(shape.parameters.items())
        if not name.startswith(leave_out) and name not in frozen
    }


class Full(nn.Module):
    """New values for the parameters; they start as copies of the base's values."""

    reads_language = False

    def __init__(self, config: FullConfig, values: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.config = config
        self.values = nn.ParameterDict({key_of(name): nn.Parameter(value) for name, value in values.items()})

    @classmethod
    def fresh(cls, config: FullConfig, shape: EncoderShape, generator: Generator) -> Full:
        """Start from copies of the base's values."""
        chosen = changeable(shape, config.leave_out, freeze_norms=config.freeze_norms)
        return cls(config, {name: value.detach().clone() for name, value in chosen.items()})

    @classmethod
    def restore(cls, config: FullConfig, shape: EncoderShape, tensors: Mapping[str, Tensor]) -> Full:
        """Rebuild the part from its stored values."""
        return cls(config, {name_of(key.removeprefix("values.")): value for key, value in tensors.items()})

    def weight_names(self, shape: EncoderShape) -> Iterable[str]:
        return map(name_of, self.values)

    def weight(self, name: str, below: Tensor, shape: EncoderShape, language: str = UNKNOWN) -> Tensor:
        if key_of(name) not in self.values:
            return below
        own, base = self.values[key_of(name)], shape.parameters[name]
        return own if below is base else below + (own - base)

    def penalty(self, shape: EncoderShape) -> Tensor | None:
        """Return the weighted mean absolute difference from the base, over all parameters of the encoder."""
        moved = (value - shape.parameters[name_of(key)] for key, value in self.values.items())
        return penalty_of(moved, self.config.l1, shape)


def penalty_of(moved: Iterable[Tensor], l1: float, shape: EncoderShape) -> Tensor | None:
    """Return `l1` times the mean absolute difference over all parameters; None when it is switched off.

    moved: the differences of the parameters that changed.
    """
    return l1 * torch.stack([value.abs().sum() for value in moved]).sum() / shape.count if l1 else None


KIND = Kind(
    "full",
    FullConfig,
    Full.fresh,
    identity=True,
    merges="weights",
    presets={"full": (FullConfig(),)},
    restore=Full.restore,
)
