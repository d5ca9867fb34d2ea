"""What every foreign format has in common: what its reader is told, what it finds, what its writer gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
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
    """What foreign files do not say, so that a person must.

    task: None for a language module. labels: in the order of the classifier's outputs.
    without_head: leave out a head that has no place in the module.
    """

    base: Base
    task: str | None = None
    labels: tuple[str, ...] = ()
    without_head: bool = False


@dataclass(frozen=True)
class FoundPart:
    """A part as our own files would hold it; the tensors are finite and in float32."""

    config: PartConfig
    tensors: Tensors


@dataclass(frozen=True)
class Found:
    """What a foreign folder holds. labels: of its head, if it has one. files: what was read."""

    parts: tuple[FoundPart, ...]
    labels: tuple[str, ...]
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Format:
    """A foreign format.

    read: a folder and a request to what is in it; InputError for what we cannot represent.
    write: a module, its base and a short name to files by name; InputError for what they cannot represent.
    """

    name: str
    read: Callable[[Path, ImportRequest], Found]
    write: Callable[[Module, Base, str], Mapping[str, bytes]]


def found_part(kind: str, options: Mapping[str, Any], tensors: Tensors, *, where: Path) -> FoundPart:
    """A part of a kind; InputError names every fault of the options."""
    return FoundPart(parse_config({"kind": kind, **options}, where=str(where)), tensors)


def parts_of(found: Found, base: Base, *, where: Path) -> tuple[Part, ...]:
    """Networks around what was found; InputError names the first tensor that does not fit."""
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
    """InputError names the first tensor that is missing, has no place or has another shape."""
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
    """InputError when a module has a part of another kind than those `allowed`."""
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
    """InputError names the first option that would change what is computed in a way we have no equal for.

    neutral: the values that change nothing, by option. free: options that are read elsewhere, or act in
    training alone. An option unknown to both must be empty.
    """
    free = frozenset(free)
    for name, value in sorted(options.items()):
        if name in free:
            continue
        harmless = value in neutral[name] if name in neutral else not value
        if not harmless:
            raise InputError(f"xling has no equal for {name} = {value!r}", where=where)


def by_layers(places: Iterable[tuple[int, ThingT]], layers: int) -> list[tuple[list[ThingT], list[int]]]:
    """Things that stand in the same layers, with the layers that are left out."""
    where: dict[ThingT, set[int]] = {}
    for layer, thing in places:
        where.setdefault(thing, set()).add(layer)
    groups: dict[frozenset[int], list[ThingT]] = {}
    for thing, own in where.items():
        groups.setdefault(frozenset(own), []).append(thing)
    return [(things, sorted(set(range(layers)) - own)) for own, things in groups.items()]


def prefix_of(base: Base) -> str:
    """`bert.`, `roberta.`, ...: where the encoder lies in its whole models."""
    return f"{base.encoder.base_model_prefix}."


def bare(name: str, base: Base) -> str:
    """A parameter's name in the encoder itself; files made from a bare encoder have it already."""
    return name.removeprefix(prefix_of(base))


def unknown(name: str, base: Base, *, where: Path) -> MismatchError:
    """The refusal of a parameter that the base does not have."""
    return MismatchError(
        f"it changes {name}, which the base {base.id} does not have",
        where=where,
        hint="name the base it was made for with --base",
    )
