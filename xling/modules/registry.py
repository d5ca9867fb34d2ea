"""Every kind of part and every named preset: a new method is one file and one line here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from torch import Generator, Tensor, nn

from xling.errors import InputError
from xling.modules.bottleneck import BottleneckConfig, Bottlenecks
from xling.modules.config import PartConfig
from xling.modules.full import Full, FullConfig
from xling.modules.head import Head, HeadConfig
from xling.modules.invertible import Invertible, InvertibleConfig
from xling.modules.lora import Lora, LoraConfig
from xling.modules.sparse import Sparse, SparseConfig, rehearsed
from xling.sites import EncoderShape


@dataclass(frozen=True)
class Rehearsal:
    """A training before the training, which decides what shall learn.

    config: the part that is trained first, in this part's place. select: this part's configuration, the
    network so trained and the shape, to the network that then learns.
    """

    config: Callable[[Any], PartConfig]
    select: Callable[[Any, nn.Module, EncoderShape], nn.Module]


@dataclass(frozen=True)
class Kind:
    """A kind of part.

    build: config, shape and generator to a network. identity: a fresh part changes nothing.
    merges: it can be folded into the encoder's weights.
    restore: config, shape and stored tensors to a network, for kinds whose sizes the shape does not tell.
    rehearsal: what is trained first, for kinds that learn where to act.
    """

    config: type[PartConfig]
    build: Callable[[Any, EncoderShape, Generator], nn.Module]
    identity: bool
    merges: bool
    restore: Callable[[Any, EncoderShape, Mapping[str, Tensor]], nn.Module] | None = None
    rehearsal: Rehearsal | None = None


KINDS: Mapping[str, Kind] = {
    "bottleneck": Kind(BottleneckConfig, Bottlenecks, identity=True, merges=False),
    "invertible": Kind(InvertibleConfig, Invertible, identity=True, merges=False),
    "full": Kind(FullConfig, Full.fresh, identity=True, merges=True, restore=Full.restore),
    "lora": Kind(LoraConfig, Lora.fresh, identity=True, merges=True, restore=Lora.restore),
    "sparse": Kind(
        SparseConfig,
        Sparse.fresh,
        identity=True,
        merges=True,
        restore=Sparse.restore,
        rehearsal=Rehearsal(rehearsed, Sparse.selected),
    ),
    "head": Kind(HeadConfig, Head, identity=False, merges=True),
}

_BOTH = ("after_attention", "after_ffn")
PRESETS: Mapping[str, tuple[PartConfig, ...]] = {
    "bottleneck": (BottleneckConfig(),),
    "houlsby": (BottleneckConfig(places=_BOTH, reads="sublayer", nonlinearity="silu"),),
    "parallel": (BottleneckConfig(reads="residual", reduction_factor=2, scaling=4.0),),
    "madx": (BottleneckConfig(reduction_factor=2), InvertibleConfig()),
    "lora": (LoraConfig(),),
    "lt-sft": (SparseConfig(),),
    "full": (FullConfig(),),
}


def parse_config(values: Mapping[str, Any], *, where: str) -> PartConfig:
    """A stored or written configuration as a value; InputError names every fault in it."""
    kind = KINDS.get(str(values.get("kind")))
    if kind is None:
        raise InputError(f"no kind of part is called {values.get('kind')!r}", where=where, choices=KINDS)
    try:
        return kind.config.model_validate_json(json.dumps(dict(values)))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InputError(f"{values['kind']}: {faults}", where=where) from error


def preset(
    name: str, options: Mapping[str, Any] | None = None, *, where: str = "--kind"
) -> tuple[PartConfig, ...]:
    """The parts of a preset; `options` override fields of its first part."""
    if name not in PRESETS:
        raise InputError(f"no kind of module is called {name!r}", where=where, choices=PRESETS)
    first, *rest = PRESETS[name]
    changed = parse_config({**first.model_dump(mode="json"), **(options or {})}, where=where)
    return (changed, *rest)


def build(config: PartConfig, shape: EncoderShape, generator: Generator) -> nn.Module:
    """A fresh network for a configuration."""
    return KINDS[config.kind].build(config, shape, generator)


def restore(config: PartConfig, shape: EncoderShape, tensors: Mapping[str, Tensor]) -> nn.Module:
    """The network of stored tensors; RuntimeError when they do not fit the configuration."""
    kind = KINDS[config.kind]
    if kind.restore is not None:
        return kind.restore(config, shape, tensors)
    network = kind.build(config, shape, Generator())
    network.load_state_dict(dict(tensors))
    return network
