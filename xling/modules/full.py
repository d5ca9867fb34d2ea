"""Full fine-tuning, the control kind: other values for the encoder's own parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

from torch import Generator, Tensor, nn

from xling.modules.config import PartConfig
from xling.sites import EncoderShape


class FullConfig(PartConfig):
    """leave_out: beginnings of parameter names that keep the base's values (and are not stored)."""

    kind: Literal["full"] = "full"  # pyright: ignore[reportIncompatibleVariableOverride]
    leave_out: tuple[str, ...] = ()


class Full(nn.Module):
    """A value of its own for each parameter; a copy of the base's at the start."""

    def __init__(self, config: FullConfig, shape: EncoderShape, generator: Generator) -> None:
        super().__init__()
        skipped = config.leave_out or ("\0",)
        self.values = nn.ParameterDict(
            {
                name.replace(".", "/"): nn.Parameter(value.detach().clone())
                for name, value in shape.parameters.items()
                if not name.startswith(skipped)
            }
        )

    @classmethod
    def restore(cls, config: FullConfig, shape: EncoderShape, tensors: Mapping[str, Tensor]) -> Full:
        """The values as they were stored."""
        values = {name.removeprefix("values.").replace("/", "."): value for name, value in tensors.items()}
        return cls(config, replace(shape, parameters=values), Generator())

    def weight_names(self) -> Iterable[str]:
        return [name.replace("/", ".") for name in self.values]

    def weight(self, name: str, base: Tensor, below: Tensor) -> Tensor:
        own = self.values[name.replace(".", "/")]
        return own if below is base else below + (own - base)
