"""Reading files from strangers: only tensors and JSON, which are checked before they are used."""

from __future__ import annotations

import json
import math
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from xling.errors import InputError
from xling.store.formats.format import Tensors

# What numpy needs to read one integer: composable-sft files have one in each list of indices.
_INTEGER = type(np.dtype("int64"))
_SCALAR = np.int64(0).__reduce__()[0]
_ALLOWED: list[Any] = [
    np.dtype,
    _INTEGER,
    (_SCALAR, "numpy._core.multiarray.scalar"),
    (_SCALAR, "numpy.core.multiarray.scalar"),  # the name of the same function before numpy 2
]


@dataclass(frozen=True)
class ModuleFiles:
    """The two files of a foreign module: its settings in JSON, and its weights."""

    settings: Path
    weights: Path


def first_of(folder: Path, names: Sequence[str]) -> Path | None:
    """Return the first of these files that the folder has, or None."""
    return next((folder / name for name in names if (folder / name).is_file()), None)


def wanted_file(folder: Path, names: Sequence[str], title: str) -> Path:
    """Return the first of these files that the folder has.

    title: the name of the format, for messages.

    Raises InputError when it has none of them.
    """
    if not folder.is_dir():
        raise InputError("no such folder", where=folder, hint=f"name the folder of the {title} files")
    path = first_of(folder, names)
    if path is None:
        raise InputError(f"no {title} module here ({' or '.join(names)} is missing)", where=folder)
    return path


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object.

    Raises InputError for anything else.
    """
    try:
        text = path.read_text(encoding="utf-8")
        value = json.loads(text, parse_float=_finite, parse_constant=_finite)
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"not a JSON file: {error}", where=path) from error
    if not isinstance(value, dict):
        raise InputError(f"not a JSON object but a {type(value).__name__}", where=path)
    return value


def _finite(text: str) -> float:
    """Return a number of a JSON file; raise ValueError when it is not finite."""
    if not math.isfinite(value := float(text)):
        raise ValueError(f"{text} is no finite number")
    return value


def read_tensors(path: Path) -> Tensors:
    """Return the named tensors of a safetensors or torch file, in float32.

    Raises InputError when the file is not readable or a value is not finite.
    """
    found = _safetensors(path) if path.suffix == ".safetensors" else read_pickle(path)
    if not isinstance(found, Mapping):
        raise InputError(f"not named tensors but a {type(found).__name__}", where=path)
    return {str(name): checked(value, name, where=path) for name, value in found.items()}


def read_pickle(path: Path, *, integers: bool = False) -> Any:
    """Return what torch saved, if it contains only plain values and tensors. No code named in the file runs.

    integers: whether numpy's integers are allowed too.

    Raises InputError for anything else.
    """
    try:
        with torch.serialization.safe_globals(_ALLOWED if integers else []), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they explain how to allow more types
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged pickle can fail in any way
        named = re.search(r"GLOBAL ([\w.]+)", str(error))
        reason = f"it names {named[1]}" if named else "it is damaged, or none of torch's"
        raise InputError(
            f"not a file of tensors alone, and nothing else is read: {reason}",
            where=path,
            hint="ask for it as safetensors, or fetch it again",
        ) from error


def checked(value: Any, name: object, *, where: Path) -> torch.Tensor:
    """Return a dense tensor of finite numbers as float32.

    Raises InputError for anything else.
    """
    if not isinstance(value, torch.Tensor) or value.layout != torch.strided or value.device.type != "cpu":
        raise InputError(f"{name} is no dense tensor", where=where)
    if value.numel() * value.element_size() > value.untyped_storage().nbytes():  # strides can repeat numbers
        raise InputError(f"{name} claims {value.numel():,} numbers, more than the file holds", where=where)
    if not value.is_floating_point():
        raise InputError(f"{name} is of the type {value.dtype}, not of floats", where=where)
    value = value.detach().float().contiguous()
    if not torch.isfinite(value).all():
        raise InputError(f"{name} has values that are not finite", where=where)
    return value


def _safetensors(path: Path) -> Tensors:
    try:
        with safe_open(str(path), framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}
    except (SafetensorError, ValueError, OSError, RuntimeError) as error:
        raise InputError(f"not a safetensors file: {error}", where=path) from error
