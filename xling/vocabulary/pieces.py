"""Pieces: what each stands for in a text, and a vocabulary of them before it has vectors."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import torch
from jaxtyping import Float
from tokenizers import Tokenizer
from torch import Tensor

from xling.modules.module import Part
from xling.modules.vocabulary import Vocabulary, VocabularyConfig, factorised, shared_factor

WORD, INNER = "▁", "##"
Method = Literal["extend", "replace", "trim"]


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


@dataclass(frozen=True, kw_only=True)
class Draft:
    """tokenizer: as JSON. pieces: by their numbers. kept: the first ones' numbers in the base.

    A number that the base gives to no piece has an empty text here.
    """

    method: Method
    tokenizer: str
    pieces: tuple[str, ...]
    kept: tuple[int, ...]

    @property
    def new(self) -> tuple[str, ...]:
        """The pieces that need vectors."""
        return self.pieces[len(self.kept) :]

    def opened(self) -> Tokenizer:
        """The tokenizer, ready to split."""
        return Tokenizer.from_str(self.tokenizer)


def split(tokenizer: Tokenizer, lines: Sequence[str]) -> list[list[int]]:
    """The pieces of each line, without special ones; a cut or padding that its file asks for is left out."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return [encoding.ids for encoding in tokenizer.encode_batch(list(lines), add_special_tokens=False)]


def part_of(
    draft: Draft,
    vectors: Float[Tensor, "new hidden"],
    table: Float[Tensor, "base hidden"],
    rank: int | None = None,
    *,
    bias: Float[Tensor, " new"] | None = None,
) -> Part:
    """The part of a module that a draft and the vectors of its new pieces make; factorised at a rank."""
    rank = min(rank, table.shape[1]) if rank and draft.new else None
    config = VocabularyConfig(pieces=len(draft.pieces), kept=len(draft.kept), rank=rank, method=draft.method)
    factor = None if rank is None else shared_factor(table, rank)
    network = Vocabulary(
        config,
        draft.tokenizer,
        kept=torch.as_tensor(draft.kept, dtype=torch.long),
        rows=vectors if factor is None else factorised(vectors, factor),
        bias=torch.zeros(len(draft.new)) if bias is None else bias,
        factor=factor,
    )
    return Part(config, config.kind, network)
