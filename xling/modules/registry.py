"""The registry of kinds and presets: a new method is one file and one line in `names.FILES`."""

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
    name: str, options: Mapping[str, Any] | None = None, *, where: str = "--kind"
) -> tuple[PartConfig, ...]:
    """Return the configurations of a preset whose parts are trained.

    Raises InputError like `preset`, and for a preset whose parts are computed from text.
    """
    parts = preset(name, options, where=where)
    if not all(KINDS[part.kind].learns for part in parts):
        raise InputError(
            f"{name} is computed from text, so this training cannot change it",
            where=where,
            hint=f"make it with xling train language --kind {name} --text FILE --source-text FILE",
        )
    return parts


def build(config: PartConfig, shape: EncoderShape, generator: Generator) -> nn.Module:
    """Make a new, untrained network for a configuration."""
    return KINDS[config.kind].build(config, shape, generator)


def restore(config: PartConfig, shape: EncoderShape, tensors: Mapping[str, Tensor]) -> nn.Module:
    """Make the network of a configuration from stored tensors.

    Raises RuntimeError, ValueError or KeyError when they do not fit the configuration.
    """
    kind = KINDS[config.kind]
    if kind.restore is not None:
        return kind.restore(config, shape, tensors)
    network = kind.build(config, shape, Generator())
    network.load_state_dict(dict(tensors))
    return network
