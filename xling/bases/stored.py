"""What the files of a base hold, from their heads alone: no value is read and no network is built."""

from __future__ import annotations

import json
import math
import os
import socket
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from xling.errors import InputError

_WEIGHTS = ("model.safetensors", "pytorch_model.bin")  # in the order in which transformers looks
_INDEX = ".index.json"  # the list of the files of weights that are stored in parts
_HEAD = 2**21  # bytes; the largest encoders have a tenth of this
LONGEST_JSON = 2**24  # bytes
_FILES = ("config.json", "tokenizer*", "vocab.*", "merges.txt", "*.model", "special_tokens_map.json",
          "*.safetensors", "*.bin", f"*{_INDEX}")  # fmt: skip

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Stored:
    """The shapes of the tensors in a base's weights, by name."""

    shapes: Shapes

    @property
    def numbers(self) -> int:
        """The number of all values."""
        return sum(map(math.prod, self.shapes.values()))

    def shape(self, ending: str) -> tuple[int, ...] | None:
        """Return the shape of the tensor whose name ends so, whatever model stands around the encoder."""
        found = (own for name, own in self.shapes.items() if name == ending or name.endswith(f".{ending}"))
        return next(found, None)

    def layers(self, path: str) -> int:
        """Return the number of layers below the path of their list."""
        below = (name.partition(f"{path}.")[2].partition(".")[0] for name in self.shapes)
        return len({number for number in below if number.isdecimal()})


def files_of(base: str) -> list[Path]:
    """Return the files that a base in a folder is opened from; none for a base that is not in a folder."""
    return [path for pattern in _FILES for path in Path(base).glob(pattern)] if os.path.isdir(base) else []


def check_files(folder: Path) -> None:
    """Raise InputError for a pipe or a device in a base's folder: reading it might never end."""
    for path in sorted(folder.iterdir()):
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise InputError("this is no regular file", where=path, hint="get the base's files again")
        if path.suffix == ".json" and path.name != "tokenizer.json" and path.stat().st_size > LONGEST_JSON:
            raise InputError(f"larger than {LONGEST_JSON:,} bytes, which no such file is", where=path)


def check_reachable(source: str, revision: str | None) -> None:
    """Raise InputError for a Hub id when there is no network: the Hub's client would try for half a minute.

    A base in the cache needs no network, and behind a proxy only the proxy knows the Hub's address.
    """
    from huggingface_hub import constants, try_to_load_from_cache

    if constants.HF_HUB_OFFLINE or {"https", "all"} & getproxies().keys():
        return
    try:
        known = try_to_load_from_cache(source, "config.json", revision=revision)
    except ValueError:  # it is no Hub id, which is told where it is read
        return
    host = urlsplit(constants.ENDPOINT).hostname
    if isinstance(known, str) or host is None:
        return
    try:
        socket.getaddrinfo(host, None)
    except OSError as error:
        raise InputError(
            f"cannot open the base {source!r}: it is not in the cache, and there is no network "
            f"({host} is not found)",
            where="--base",
            hint="give embedded:multilingual-e5-small or a local transformers folder",
        ) from error


def read_stored(source: str, revision: str | None) -> Stored:
    """Read the shapes of a base's tensors.

    Raises OSError when it has no weights, ValueError when they are damaged, and UnpicklingError when a pickle
    holds more than tensors.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for path in _files(source, revision):
        shapes |= _pickled(path) if path.suffix == ".bin" else _head_of(path)
    return Stored(shapes)


def _files(source: str, revision: str | None) -> Iterator[Path]:
    for name in _WEIGHTS:
        if path := _file(source, revision, name):
            yield path
            return
        if listed := _file(source, revision, name + _INDEX):
            for part in _parts(listed):
                if path := _file(source, revision, part):
                    yield path
            return
    raise OSError(f"there is no file named {' or '.join(_WEIGHTS)}")


def _file(source: str, revision: str | None, name: str) -> Path | None:
    """Return the path of a file of a base, which is fetched from the Hub first; None if there is none."""
    from transformers.utils.hub import cached_file

    if os.path.isdir(source):
        path = Path(source) / name
        return path if path.is_file() else None
    try:
        found = cached_file(source, name, revision=revision)
    except OSError:
        return None
    return Path(found) if found else None


def _parts(index: Path) -> list[str]:
    """Return the names of the files that an index lists."""
    try:
        names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        if not all(Path(name).name == name for name in names):
            raise ValueError(names)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{index.name} is no list of the files beside it") from error
    return sorted(names)


def _head_of(path: Path) -> dict[str, tuple[int, ...]]:
    from safetensors import SafetensorError, safe_open

    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if length > _HEAD:
        raise ValueError(f"the head of {path.name} claims {length:,} bytes, and {_HEAD:,} are the most")
    try:
        with safe_open(path, "pt") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path.name} is damaged or cut short ({error}): get it again") from error


def _pickled(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the shapes in a pickle, of which nothing is run and, in files of today, no value is read."""
    import torch

    zipped = zipfile.is_zipfile(path)
    if zipped:
        with zipfile.ZipFile(path) as parts:
            if sum(part.file_size for part in parts.infolist()) > path.stat().st_size:
                raise ValueError(f"{path.name} is compressed, as no weights are")
    found: Any = torch.load(path, map_location="meta" if zipped else "cpu", weights_only=True)
    return {name: tuple(value.shape) for name, value in found.items() if hasattr(value, "shape")}
