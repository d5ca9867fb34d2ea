"""The registry of kinds and presets: a new method is one file and one line in `names.FILES`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

import torch
from pydantic import ValidationError
from torch import Generator, Tensor, nn

from xling.errors import InputError
from xling.faults import faults
from xling.modules.combining import CombinerConfig
from xling.modules.hypernetwork import HypernetworkConfig
from xling.modules.kind import Kind, PartConfig
from xling.modules.names import FILES
from xling.registry import Registry
from xling.sites import EncoderShape

KINDS: Registry[Kind] = Registry("kind of part")
PRESETS: Registry[tuple[PartConfig, ...]] = Registry("kind of module")


def register_kind(kind: Kind) -> None:
    """Add a kind and its presets under their names. Raises ValueError when a name is already used."""
    KINDS.add(kind.name, kind)
    for name, parts in kind.presets.items():
        PRESETS.add(name, parts)


for _file, _presets in FILES.items():
    _kind: Kind = import_module(f"xling.modules.{_file}").KIND
    assert tuple(_kind.presets) == _presets, f"names.py calls the presets of {_file} otherwise"
    register_kind(_kind)


def parse_config(values: Mapping[str, Any], *, where: str) -> PartConfig:
    """Turn a stored or written configuration into its value. Raises InputError, which lists its mistakes."""
    kind = KINDS.named(str(values.get("kind")), where=where)
    try:
        return kind.config.model_validate_json(json.dumps(dict(values)))
    except ValidationError as error:
        raise InputError(f"{values['kind']}: {faults(error, kind.config)}", where=where) from error


def preset(
    name: str, options: Mapping[str, Any] | None = None, *, where: str = "--kind"
) -> tuple[PartConfig, ...]:
    """Return the configurations of a preset; `options` override fields of the first one.

    Raises InputError for an unknown preset or option.
    """
    parts = PRESETS.named(name, where=where)
    if not parts:
        if options:
            hint = "a head alone has the options of the head: parts.head='{dropout: 0.2}'"
            raise InputError(f"{name} has no option {next(iter(options))!r}", where=where, hint=hint)
        return ()
    first, *rest = parts
    changed = parse_config({**first.model_dump(mode="json"), **(options or {})}, where=where)
    return (changed, *rest)


def learning_preset(
    name: str, options: Mapping[str, Any] | None = None, *, branches: int = 0, where: str = "--kind"
) -> tuple[PartConfig, ...]:
    """Return the configurations of a preset whose parts are trained.

    branches: the number of plans that the module combines during the training.

    Raises InputError like `preset`, for a preset whose parts are computed from text or are shared by several
    languages, and when the preset combines plans and there are none, or the other way round.
    """
    parts = preset(name, options, where=where)
    if not all(KINDS[part.kind].learns for part in parts):
        raise InputError(
            f"{name} is computed from text, so this training cannot change it",
            where=where,
            hint=f"make it with xling train language --kind {name} --text FILE --source-text FILE",
        )
    if any(isinstance(part, HypernetworkConfig) for part in parts):
        raise InputError(
            f"{name} is trained on several languages or tasks at once",
            where=where,
            hint="train it with xling train hypernetwork",
        )
    if branches and not _combines(parts):
        choices = [own for own, configs in PRESETS.items() if _combines(configs)]
        raise InputError(f"{name} cannot combine the plans of a fuse", where=where, choices=choices)
    if _combines(parts) and not branches:
        raise InputError(
            f"{name} combines plans, and there are none to combine",
            where=where,
            hint="train a task module with --plan 'fuse(task/a, task/b)'",
        )
    return tuple(
        part.model_copy(update={"branches": branches}) if isinstance(part, CombinerConfig) else part
        for part in parts
    )


def _combines(parts: tuple[PartConfig, ...]) -> bool:
    return any(isinstance(part, CombinerConfig) for part in parts)


def build(config: PartConfig, shape: EncoderShape, generator: Generator) -> nn.Module:
    """Make a new, untrained network for a configuration."""
    return KINDS[config.kind].build(config, shape, generator)


def restore(config: PartConfig, shape: EncoderShape, tensors: Mapping[str, Tensor]) -> nn.Module:
    """Make the network of a configuration from stored tensors.

    Raises RuntimeError, ValueError, TypeError, KeyError, IndexError or OverflowError when they do not fit the
    configuration; this is known before memory is taken for what the configuration claims.
    """
    kind = KINDS[config.kind]
    if kind.restore is None:
        _check_same(tensors, _outline(config, shape, len(tensors)))
        network = kind.build(config, shape, Generator())
        network.load_state_dict(dict(tensors))
        return network
    network = kind.restore(config, shape, tensors)
    _check_same(tensors, network.state_dict())
    return network


def _outline(config: PartConfig, shape: EncoderShape, count: int) -> Mapping[str, Tensor]:
    """Return the tensors of a configuration without values, of at least one more layer than can be right.

    count: the number of stored tensors. Every layer has one, or is named in the configuration.
    """
    named = sum(len(value) for _, value in config if isinstance(value, tuple))
    some = replace(shape, layers=min(shape.layers, count + named + 1))
    with torch.device("meta"):
        return KINDS[config.kind].build(config, some, Generator()).state_dict()


def _check_same(stored: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """Raise ValueError unless tensors have the names, the shapes and the sort of numbers that are wanted."""
    if odd := sorted(stored.keys() ^ wanted.keys()):
        raise ValueError(f"{odd[0]} is {'missing' if odd[0] in wanted else 'no tensor of it'}")
    for name, own in stored.items():
        if own.shape != wanted[name].shape:
            raise ValueError(f"{name} is of {_size(own)}, not of {_size(wanted[name])}")
        if own.is_complex() or _sort(own) != _sort(wanted[name]):
            raise ValueError(f"{name} holds {own.dtype}, not {wanted[name].dtype}")


def _size(value: Tensor) -> str:
    return " x ".join(map(str, value.shape)) or "one number"


def _sort(value: Tensor) -> tuple[bool, bool]:
    return value.is_floating_point(), value.dtype == torch.bool
