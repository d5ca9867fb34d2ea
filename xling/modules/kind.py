"""The description of a kind of part, which its file gives as `KIND`, and helpers that kinds share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from pydantic import BaseModel
from torch import Generator, Tensor, nn

from xling.sites import EncoderShape

Merging = Literal["weights", "plain", "none"]
Nonlinearity = Literal["relu", "gelu", "gelu_tanh", "silu", "tanh"]

NONLINEARITIES: dict[Nonlinearity, Callable[[Tensor], Tensor]] = {
    "relu": torch.nn.functional.relu,
    "gelu": torch.nn.functional.gelu,
    "gelu_tanh": lambda value: torch.nn.functional.gelu(value, approximate="tanh"),
    "silu": torch.nn.functional.silu,
    "tanh": torch.tanh,
}


class PartConfig(BaseModel, frozen=True, extra="forbid", strict=True, allow_inf_nan=False):
    """The base of all part configurations: frozen and strict; `kind` is the name in the registry."""

    kind: str


@runtime_checkable
class WritesFiles(Protocol):
    """A part that is also written in a form for people, beside the weights of its module."""

    def files(self) -> Mapping[str, bytes]:
        """Return the content of each file by its name."""
        ...


def linear(inputs: int, outputs: int, generator: Generator, *, std: float) -> nn.Linear:
    """Make a linear layer with weights from N(0, std²), zeros for std 0, and a zero bias."""
    drawn = torch.randn(outputs, inputs, generator=generator)
    layer = nn.Linear(inputs, outputs, device="meta").to_empty(device=drawn.device)
    with torch.no_grad():
        layer.weight.copy_(drawn * std)
        layer.bias.copy_(torch.zeros(outputs))
    return layer


def grouped(tensors: Mapping[str, Tensor], *groups: str) -> list[dict[str, Tensor]]:
    """Split stored tensors named `group.key` into one mapping by key for each group.

    Raises KeyError for a name of another group.
    """
    found: dict[str, dict[str, Tensor]] = {group: {} for group in groups}
    for name, value in tensors.items():
        group, _, key = name.partition(".")
        found[group][key] = value
    return list(found.values())


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """A first training phase, which selects the parameters that are trained in the second phase.

    Attributes:
        config: Returns, for this part's configuration, the part to train in the first phase, or None if the
            first phase is not needed.
        select: Takes this part's configuration, the network of the first phase and the encoder's shape, and
            returns the network for the second phase.
        first: The name of the first phase in the log and the checkpoints.
        second: The name of the second phase.
        trains: Whether the first phase trains, or only collects gradients.
        rate: Returns, for this part's configuration, the learning rate of the second phase as a multiple of
            the first one's.
    """

    config: Callable[[Any], PartConfig | None]
    select: Callable[[Any, nn.Module, EncoderShape], nn.Module]
    first: str
    second: str
    trains: bool = True
    rate: Callable[[Any], float] = lambda config: 1.0


@dataclass(frozen=True)
class Kind:
    """A kind of part.

    Attributes:
        name: The value of `kind` in its configuration.
        config: The class of its configuration.
        build: Makes a new network from a configuration, the encoder's shape and a random generator. It is
            also called on the device `meta`, where tensors have shapes and no values.
        identity: Whether a new part changes nothing.
        merges: What happens to it in a plain model. `weights`: it is added to the encoder's weights. `plain`:
            plain models have such a part too (a classifier, a table of pieces), and it becomes that part.
            `none`: merging is refused.
        presets: The values of `--kind` for it, each with the configurations of its parts; a task module adds
            its head to these.
        restore: Makes a network from a configuration, the shape and stored tensors; needed for kinds whose
            sizes do not follow from the shape.
        rehearsal: The first training phase, for kinds that learn where to act.
        head: Whether it scores states; it is then called with states [rows, length, hidden] and the mask
            [rows, length].
        learns: Whether training changes it; otherwise it is computed from text.
    """

    name: str
    config: type[PartConfig]
    build: Callable[[Any, EncoderShape, Generator], nn.Module]
    identity: bool
    merges: Merging
    presets: Mapping[str, tuple[PartConfig, ...]]
    restore: Callable[[Any, EncoderShape, Mapping[str, Tensor]], nn.Module] | None = None
    rehearsal: Rehearsal | None = None
    head: bool = False
    learns: bool = True
