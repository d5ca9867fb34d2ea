"""What the registry knows of a kind of part: its file says it once, as `KIND`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Generator, Tensor, nn

from xling.modules.config import PartConfig
from xling.sites import EncoderShape


@dataclass(frozen=True)
class Rehearsal:
    """A training before the training, which decides what shall learn.

    config: the part that is trained first, in this part's place, or None where nothing has to be.
    select: this part's configuration, the network so trained and the shape, to the network that then
    learns. trains: whether it is trained, or only sees the gradients of the first passes.
    """

    config: Callable[[Any], PartConfig | None]
    select: Callable[[Any, nn.Module, EncoderShape], nn.Module]
    trains: bool = True


@dataclass(frozen=True)
class Kind:
    """A kind of part.

    name: the tag of its configuration. build: config, shape and generator to a network.
    identity: a fresh part changes nothing. merges: it can be folded into the encoder's weights.
    presets: what `--kind` calls it, and what that stands for.
    restore: config, shape and stored tensors to a network, for kinds whose sizes the shape does not tell.
    rehearsal: what is trained first, for kinds that learn where to act.
    head: it scores states: called with states [rows, length, hidden] and mask [rows, length].
    """

    name: str
    config: type[PartConfig]
    build: Callable[[Any, EncoderShape, Generator], nn.Module]
    identity: bool
    merges: bool
    presets: Mapping[str, tuple[PartConfig, ...]]
    restore: Callable[[Any, EncoderShape, Mapping[str, Tensor]], nn.Module] | None = None
    rehearsal: Rehearsal | None = None
    head: bool = False
