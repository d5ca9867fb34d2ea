"""What foreign formats share: the request for an import, what is found, checks of options and tensors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import save
from torch import Generator, Tensor

from xling.bases.base import Base
from xling.errors import InputError, MismatchError
from xling.modules.kind import PartConfig
from xling.modules.module import Module, Part
from xling.modules.registry import KINDS, build, parse_config, restore

Tensors = dict[str, Tensor]
ThingT = TypeVar("ThingT")


@dataclass(frozen=True)
class ImportRequest:
    """What a person must say because foreign files do not.

    task: the name of the task, or None for a language module.
    labels: the labels in the order of the classifier's outputs.
    without_head: whether to drop a head that does not belong in the module.
    """

    base: Base
    task: str | None = None
    labels: tuple[str, ...] = ()
    without_head: bool = False


@dataclass(frozen=True)
class FoundPart:
    """A part as our own files would hold it. Its tensors are finite and in float32."""

    config: PartConfig
    tensors: Tensors


@dataclass(frozen=True)
class Found:
    """What a foreign folder holds.

    labels: the labels of its head, if it has one.
    files: the files that were read.
    """

    parts: tuple[FoundPart, ...]
    labels: tuple[str, ...]
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Format:
    """A foreign format.

    read: returns the content of a folder for a request; raises InputError for what we cannot represent.
    write: returns files by name from a module, its base and a short name; raises InputError for what the
    format cannot represent.
    """

    name: str
    read: Callable[[Path, ImportRequest], Found]
    write: Callable[[Module, Base, str], Mapping[str, bytes]]


def found_part(kind: str, options: Mapping[str, Any], tensors: Tensors, *, where: Path) -> FoundPart:
    """Return a part of a kind.

    Raises InputError that names every fault of the options.
    """
    return FoundPart(parse_config({"kind": kind, **options}, where=str(where)), tensors)


def parts_of(found: Found, base: Base, *, where: Path) -> tuple[Part, ...]:
    """Return networks with the tensors that were found.

    Raises InputError for the first tensor that does not fit.
    """
    parts: list[Part] = []
    for item in found.parts:
        kind = item.config.kind
        same = sum(part.config.kind == kind for part in parts)
        parts.append(
            Part(item.config, f"{kind}-{same + 1}" if same else kind, _network(item, base, where=where))
        )
    return tuple(parts)


def _network(item: FoundPart, base: Base, *, where: Path) -> torch.nn.Module:
    kind = item.config.kind
    try:
        if KINDS[kind].restore is None:
            fresh = build(item.config, base.shape, Generator()).state_dict()
            check_shapes(item.tensors, {name: value.shape for name, value in fresh.items()}, where=where)
        return restore(item.config, base.shape, item.tensors).requires_grad_(False)
    except (RuntimeError, ValueError) as error:
        raise InputError(f"{kind}: {' '.join(str(error).split())}", where=where) from error


def check_shapes(tensors: Mapping[str, Tensor], wanted: Mapping[str, Iterable[int]], *, where: Path) -> None:
    """Raise InputError for the first tensor that is missing, is not wanted, or has another shape."""
    for name in sorted(wanted.keys() | tensors.keys()):
        if name not in tensors:
            raise InputError(f"it has no tensor for {name}", where=where)
        if name not in wanted:
            raise InputError(f"there is no place for {name}", where=where)
        if tuple(tensors[name].shape) != tuple(wanted[name]):
            raise InputError(
                f"{name} is {list(tensors[name].shape)}, and here it must be {list(wanted[name])}",
                where=where,
                hint="name the base it was made for",
            )


def only(module: Module, allowed: Iterable[str], title: str) -> None:
    """Raise InputError when a module has a part whose kind is not among those `allowed`."""
    allowed = tuple(allowed)
    for part in module.parts:
        if part.config.kind not in allowed:
            raise InputError(
                f"the format {title} has no equal for a part of the kind {part.config.kind}",
                where="--format",
                hint=f"it takes {', '.join(allowed)}",
            )


def refuse_options(
    options: Mapping[str, Any], neutral: Mapping[str, tuple[Any, ...]], free: Iterable[str], *, where: Path
) -> None:
    """Raise InputError for the first option that changes the computation in a way that we cannot represent.

    neutral: the values that change nothing, by option.
    free: options that are read elsewhere or matter in training only.
    An option in neither must be empty.
    """
    free = frozenset(free)
    for name, value in sorted(options.items()):
        if name in free:
            continue
        harmless = value in neutral[name] if name in neutral else not value
        if not harmless:
            raise InputError(f"xling has no equal for {name} = {value!r}", where=where)


def by_layers(places: Iterable[tuple[int, ThingT]], layers: int) -> list[tuple[list[ThingT], list[int]]]:
    """Return groups of things that occur in the same layers, each with the layers that are left out."""
    where: dict[ThingT, set[int]] = {}
    for layer, thing in places:
        where.setdefault(thing, set()).add(layer)
    groups: dict[frozenset[int], list[ThingT]] = {}
    for thing, own in where.items():
        groups.setdefault(frozenset(own), []).append(thing)
    return [(things, sorted(set(range(layers)) - own)) for own, things in groups.items()]


def positive(value: Any, what: str, *, where: Path) -> int | float:
    """Return a number above 0. Raises InputError, which says what it is, for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise InputError(f"{what} is no number above 0", where=where)
    return value


def as_json(value: Mapping[str, Any]) -> bytes:
    """Return readable JSON with sorted keys, as the other libraries write it."""
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8")


def as_weights(tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """Return tensors in the format of safetensors."""
    return save({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, metadata)


def prefix_of(base: Base) -> str:
    """Return the prefix of the encoder's parameters in whole models, such as `bert.` or `roberta.`."""
    return f"{base.encoder.base_model_prefix}."


def bare(name: str, base: Base) -> str:
    """Return a parameter's name in the encoder. Names in files of the encoder alone have no prefix."""
    return name.removeprefix(prefix_of(base))


def unknown(name: str, base: Base, *, where: Path) -> MismatchError:
    """Return the error for a parameter that the base does not have."""
    return MismatchError(
        f"it changes {name}, which the base {base.id} does not have",
        where=where,
        hint="name the base it was made for with --base",
    )
