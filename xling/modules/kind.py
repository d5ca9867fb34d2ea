"""What a kind of part is: what configurations have in common, and what its file says of it as `KIND`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

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


class PartConfig(BaseModel, frozen=True, extra="forbid", strict=True):
    """A frozen, strict value; `kind` is the tag under which the registry knows its builder."""

    kind: str


def linear(inputs: int, outputs: int, generator: Generator, *, std: float) -> nn.Linear:
    """A linear map with weights from N(0, std) (zeros for std 0) and zero bias."""
    layer = nn.Linear(inputs, outputs, device="meta").to_empty(device="cpu")
    with torch.no_grad():
        layer.weight.copy_(torch.randn(outputs, inputs, generator=generator) * std)
        layer.bias.copy_(torch.zeros(outputs))
    return layer


def grouped(tensors: Mapping[str, Tensor], *groups: str) -> list[dict[str, Tensor]]:
    """Stored tensors `group.key` by their keys, one mapping a group; KeyError for another group."""
    found: dict[str, dict[str, Tensor]] = {group: {} for group in groups}
    for name, value in tensors.items():
        group, _, key = name.partition(".")
        found[group][key] = value
    return list(found.values())


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """A training before the training, which decides what shall learn.

    config: the part that is trained first, in this part's place, or None where nothing has to be.
    select: this part's configuration, the network so trained and the shape, to the network that then
    learns. trains: whether it is trained, or only sees the gradients of the first passes.
    first, second: what the two phases are called, in the log and among the checkpoints.
    rate: this part's configuration, to the second phase's learning rate as a multiple of the first's.
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

    name: the tag of its configuration. build: config, shape and generator to a network.
    identity: a fresh part changes nothing.
    merges: what becomes of it in a plain model: it is folded into the encoder's `weights`; it is something
    that `plain` models have too (a classifier, a table of pieces) and takes its place; or `none`, and merging
    is refused.
    presets: what `--kind` calls it, and what that stands for.
    restore: config, shape and stored tensors to a network, for kinds whose sizes the shape does not tell.
    rehearsal: what is trained first, for kinds that learn where to act.
    head: it scores states: called with states [rows, length, hidden] and mask [rows, length].
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
