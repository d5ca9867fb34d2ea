"""Sparse fine-tunings of composable-sft (Ansell et al. 2022), in one file `pytorch_diff.bin`.

The file holds `diffs`, entries that are added to encoder parameters, and `abs`, whole tensors of the head.
Their entry indices run along the first axis fastest, ours along the last. The file stores the differences
between successive indices.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xling.bases.base import Base
from xling.bases.plain import checkpoint_pooler
from xling.errors import InputError
from xling.modules.entries import encode_gaps
from xling.modules.module import Module
from xling.modules.sparse import Sparse
from xling.sites import key_of, name_of
from xling.store.formats.format import (
    Format,
    Found,
    FoundPart,
    ImportRequest,
    Tensors,
    bare,
    found_part,
    only,
    prefix_of,
    unknown,
)
from xling.store.formats.heads import plain_head, read_head, wants_head
from xling.store.formats.safe_reading import checked, read_pickle, wanted_file

NAME, FILE = "composable-sft", "pytorch_diff.bin"
_ENTRIES = ("index_steps", "size", "values")


def read(folder: Path, request: ImportRequest) -> Found:
    """Return the differences as a sparse part and, for a task module, the classifier in `abs` as a head.

    Raises InputError when the file does not fit the request or cannot be represented.
    """
    path = wanted_file(folder, [FILE], NAME)
    diffs, dense = _groups(read_pickle(path, integers=True), path)
    entries: dict[str, tuple[Tensor, Tensor]] = {}
    plain = {name: checked(value, name, where=path) for name, value in dense.items()}
    wanted = wants_head(list(plain), request, where=path)
    for name, entry in diffs.items():
        own = bare(name, request.base)
        if own in request.base.shape.parameters:
            index, values = _decoded(entry, name, request.base.shape.parameters[own].shape, path)
            if len(index):
                entries[own] = index, values
        elif wanted:
            plain[name] = _moved(entry, own, request.base, path)
        else:
            raise unknown(name, request.base, where=path)
    if not entries:
        raise InputError("it changes no parameter of the encoder", where=path)
    head, labels = read_head(plain, request, where=path)
    return Found((_sparse(entries, request.base, path), *head), labels, (path,))


def write(module: Module, base: Base, name: str) -> Mapping[str, bytes]:
    """Return the file of a module with one sparse part; it contains only plain values and tensors.

    Raises InputError when the format cannot represent the module.
    """
    only(module, ("sparse", "head"), NAME)
    parts = [part.network for part in module.parts if isinstance(part.network, Sparse)]
    if len(parts) != 1:
        raise InputError(f"{NAME} holds one sparse part, and this module has {len(parts)}", where="--format")
    prefix, parameters = prefix_of(base), base.shape.parameters
    diffs = {
        prefix + name_of(key): _encoded(
            parts[0].indices[name_of(key)], values, parameters[name_of(key)].shape
        )
        for key, values in parts[0].values.items()
    }
    file = io.BytesIO()
    torch.save({"diffs": diffs, "abs": plain_head(module, base, NAME)}, file)
    return {FILE: file.getvalue()}


def _groups(content: Any, path: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return `diffs` and `abs`; a missing one is empty."""
    if not isinstance(content, Mapping) or not content.keys() & {"diffs", "abs"}:
        raise InputError("it has neither 'diffs' nor 'abs'", where=path, hint=f"is it a {NAME} file?")
    groups = content.get("diffs", {}), content.get("abs", {})
    if not all(isinstance(group, Mapping) and all(isinstance(n, str) for n in group) for group in groups):
        raise InputError("'diffs' and 'abs' must go by parameter names", where=path)
    return groups


def _decoded(entry: Any, name: str, shape: torch.Size, path: Path) -> tuple[Tensor, Tensor]:
    """Return ascending row-major indices and their values.

    Raises InputError when they do not fit the parameter.
    """
    if not isinstance(entry, Mapping) or sorted(entry, key=str) != list(_ENTRIES):
        raise InputError(f"the entry of {name} is not made of {', '.join(_ENTRIES)}", where=path)
    size = entry["size"]
    size = list(size) if isinstance(size, Sequence) else size
    if size != list(shape):
        raise InputError(
            f"{name} is {size}, and here it must be {list(shape)}",
            where=path,
            hint="name the base it was made for with --base",
        )
    values = checked(entry["values"], name, where=path)
    steps = _steps(entry["index_steps"], name, shape.numel(), path)
    if values.shape != steps.shape:
        raise InputError(f"{name} has {len(steps):,} indices and values of {list(values.shape)}", where=path)
    indices = steps.cumsum(0)
    if len(indices) and int(indices[-1]) >= shape.numel():
        raise InputError(
            f"index {int(indices[-1]):,} of {name} is out of range: it has {shape.numel():,} entries",
            where=path,
        )
    return _sorted(row_major(indices, shape), values)


def _steps(steps: Any, name: str, size: int, path: Path) -> Tensor:
    """Return the index differences as a tensor, checked before they are summed so that no sum overflows."""
    wrong = InputError(
        f"the index steps of {name} are not ascending whole numbers below {size:,}", where=path
    )
    if not isinstance(steps, Sequence):
        raise wrong
    try:
        found = torch.as_tensor([int(step) for step in steps], dtype=torch.int64)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise wrong from error
    if len(found) and (int(found[0]) < 0 or int(found.max()) >= size or bool((found[1:] < 1).any())):
        if int(found.max()) >= size:
            raise InputError(
                f"index {int(found.max()):,} of {name} is out of range: it has {size:,} entries", where=path
            )
        raise wrong
    return found


def row_major(indices: Tensor, shape: Sequence[int]) -> Tensor:
    """Convert linear indices that run along the first axis fastest into ones that run along the last."""
    places = np.unravel_index(indices.numpy(), tuple(shape), order="F")
    return torch.from_numpy(np.ravel_multi_index(places, tuple(shape)))


def column_major(indices: Tensor, shape: Sequence[int]) -> Tensor:
    """Convert linear indices that run along the last axis fastest into ones that run along the first."""
    return row_major(indices, tuple(reversed(shape)))


def _encoded(indices: Tensor, values: Tensor, shape: torch.Size) -> dict[str, Any]:
    index, own = _sorted(column_major(indices.cpu(), shape), values.detach().cpu())
    steps = torch.diff(index, prepend=torch.zeros(1, dtype=index.dtype))
    return {"size": shape, "index_steps": steps.tolist(), "values": own.clone()}


def _sorted(indices: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    order = torch.argsort(indices)
    return indices[order], values[order]


def _sparse(entries: Mapping[str, tuple[Tensor, Tensor]], base: Base, path: Path) -> FoundPart:
    tensors: Tensors = {f"values.{key_of(name)}": values for name, (_, values) in entries.items()}
    tensors |= {f"gaps.{key_of(name)}": encode_gaps(index) for name, (index, _) in entries.items()}
    count = sum(len(index) for index, _ in entries.values())
    frozen = not any(name in base.shape.norms for name in entries)
    return found_part("sparse", {"k": count, "freeze_norms": frozen}, tensors, where=path)


def _moved(entry: Any, name: str, base: Base, path: Path) -> Tensor:
    """Return a parameter of the base's pooler, which belongs to our head, with its differences added."""
    pooler = checkpoint_pooler(base)
    if name not in pooler:
        raise unknown(name, base, where=path)
    index, values = _decoded(entry, name, pooler[name].shape, path)
    return pooler[name].reshape(-1).index_add(0, index, values).view(pooler[name].shape)


FORMAT = Format(NAME, read, write)
