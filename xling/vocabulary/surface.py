"""What a piece stands for in a text, whatever a tokenizer's way of writing it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

WORD, INNER = "▁", "##"


@dataclass(frozen=True)
class Surface:
    """text: the characters, without marks of the tokenizer. begins: whether a word begins with it."""

    text: str
    begins: bool


def describe(tokenizer: Any) -> dict[str, Any]:
    """A fast tokenizer as the `tokenizers` library writes it."""
    return json.loads(tokenizer.backend_tokenizer.to_str())


def algorithm(described: Mapping[str, Any]) -> str:
    """`Unigram`, `WordPiece`, `BPE`, or `bytes` for a BPE over the bytes of a text."""
    kind = described["model"]["type"]
    return "bytes" if kind == "BPE" and "ByteLevel" in json.dumps(described["pre_tokenizer"]) else kind


def surface(piece: str, kind: str) -> Surface:
    """What a piece of a kind of tokenizer stands for."""
    if kind == "WordPiece":
        return Surface(piece.removeprefix(INNER), not piece.startswith(INNER))
    if kind == "bytes":
        data = bytes(_byte_letters()[letter] for letter in piece if letter in _byte_letters())
        text = data.decode("utf-8", errors="replace")
        return Surface(text.lstrip(" "), text.startswith(" "))
    return Surface(piece.removeprefix(WORD), piece.startswith(WORD))


@cache
def _byte_letters() -> Mapping[str, int]:
    """The letter that stands for each byte in byte-level BPE: itself if visible, else one from 256 on."""
    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in seen]
    letters = {chr(byte): byte for byte in seen}
    return letters | {chr(256 + number): byte for number, byte in enumerate(hidden)}
