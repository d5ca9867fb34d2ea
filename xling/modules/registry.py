"""Every kind of part and every named preset: a new method is one file and one line of `FILES`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from pydantic import ValidationError
from torch import Generator, Tensor, nn

from xling.errors import InputError
from xling.faults import faults
from xling.modules.config import PartConfig
from xling.modules.kind import Kind
from xling.sites import EncoderShape

FILES = (
    "bottleneck",
    "sparse_bottleneck",
    "invertible",
    "full",
    "sparse",
    "lora",
    "ia3",
    "vocabulary",
    "head",
    "biaffine",
)
KINDS: Mapping[str, Kind] = {
    kind.name: kind for kind in (import_module(f"xling.modules.{name}").KIND for name in FILES)
}
PRESETS: Mapping[str, tuple[PartConfig, ...]] = {
    name: parts for kind in KINDS.values() for name, parts in kind.presets.items()
}


def parse_config(values: Mapping[str, Any], *, where: str) -> PartConfig:
    """A stored or written configuration as a value; InputError names every fault in it."""
    kind = KINDS.get(str(values.get("kind")))
    if kind is None:
        raise InputError(f"no kind of part is called {values.get('kind')!r}", where=where, choices=KINDS)
    try:
        return kind.config.model_validate_json(json.dumps(dict(values)))
    except ValidationError as error:
        raise InputError(f"{values['kind']}: {faults(error, kind.config)}", where=where) from error


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
