"""Every kind of part and every named preset: a new method is one file and one line of `names.FILES`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from pydantic import ValidationError
from torch import Generator, Tensor, nn

from xling.errors import InputError
from xling.faults import faults
from xling.modules.kind import Kind, PartConfig
from xling.modules.names import FILES
from xling.registry import Registry
from xling.sites import EncoderShape

KINDS: Registry[Kind] = Registry("kind of part")
PRESETS: Registry[tuple[PartConfig, ...]] = Registry("kind of module")


def register_kind(kind: Kind) -> None:
    """Make a kind and its presets known by their names; ValueError for a name that is taken."""
    KINDS.add(kind.name, kind)
    for name, parts in kind.presets.items():
        PRESETS.add(name, parts)


for _file, _presets in FILES.items():
    _kind: Kind = import_module(f"xling.modules.{_file}").KIND
    assert tuple(_kind.presets) == _presets, f"names.py calls the presets of {_file} otherwise"
    register_kind(_kind)


def parse_config(values: Mapping[str, Any], *, where: str) -> PartConfig:
    """A stored or written configuration as a value; InputError names every fault in it."""
    kind = KINDS.named(str(values.get("kind")), where=where)
    try:
        return kind.config.model_validate_json(json.dumps(dict(values)))
    except ValidationError as error:
        raise InputError(f"{values['kind']}: {faults(error, kind.config)}", where=where) from error


def preset(
    name: str, options: Mapping[str, Any] | None = None, *, where: str = "--kind"
) -> tuple[PartConfig, ...]:
    """The parts of a preset; `options` override fields of its first part."""
    first, *rest = PRESETS.named(name, where=where)
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
