"""Pieces of tokenizers: the text they stand for, and drafts of vocabularies without vectors."""

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
    """The text that a piece stands for.

    text: the characters without the tokenizer's marks.
    begins: whether the piece begins a word.
    """

    text: str
    begins: bool


def describe(tokenizer: Any) -> dict[str, Any]:
    """Return a fast tokenizer as the JSON of the `tokenizers` library."""
    return json.loads(tokenizer.backend_tokenizer.to_str())


def algorithm(described: Mapping[str, Any]) -> str:
    """Return `Unigram`, `WordPiece`, `BPE`, or `bytes` for byte-level BPE."""
    kind = described["model"]["type"]
    return "bytes" if kind == "BPE" and "ByteLevel" in json.dumps(described["pre_tokenizer"]) else kind


def surface(piece: str, kind: str) -> Surface:
    """Return the text that a piece stands for; `kind` is the algorithm of its tokenizer."""
    if kind == "WordPiece":
        return Surface(piece.removeprefix(INNER), not piece.startswith(INNER))
    if kind == "bytes":
        data = bytes(_byte_letters()[letter] for letter in piece if letter in _byte_letters())
        text = data.decode("utf-8", errors="replace")
        return Surface(text.lstrip(" "), text.startswith(" "))
    return Surface(piece.removeprefix(WORD), piece.startswith(WORD))


@cache
def _byte_letters() -> Mapping[str, int]:
    """Return the byte of each letter in byte-level BPE: visible bytes are themselves, others from 256 on."""
    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in seen]
    letters = {chr(byte): byte for byte in seen}
    return letters | {chr(256 + number): byte for number, byte in enumerate(hidden)}


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A vocabulary whose new pieces have no vectors yet.

    method: how it was made.
    tokenizer: the tokenizer as JSON.
    pieces: all pieces in the order of their numbers; a number that the base leaves unused has an empty text.
    kept: for the first pieces, their numbers in the base.
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
        """Return the tokenizer, ready to use."""
        return Tokenizer.from_str(self.tokenizer)


def split(tokenizer: Tokenizer, lines: Sequence[str]) -> list[list[int]]:
    """Return the piece numbers of each line, without special pieces, truncation or padding."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return [encoding.ids for encoding in tokenizer.encode_batch(list(lines), add_special_tokens=False)]


def normalised(tokenizer: Tokenizer, text: str) -> str:
    """Return a text after the tokenizer's normaliser, if it has one."""
    return text if tokenizer.normalizer is None else tokenizer.normalizer.normalize_str(text)


def split_into_words(tokenizer: Tokenizer, text: str) -> list[str]:
    """Return what the tokenizer's model gets of a text: it is normalised and divided, but not split."""
    text, divider = normalised(tokenizer, text), tokenizer.pre_tokenizer
    return [text] if divider is None else [word for word, _ in divider.pre_tokenize_str(text)]


def part_of(
    draft: Draft,
    vectors: Float[Tensor, "new hidden"],
    table: Float[Tensor, "base hidden"],
    rank: int | None = None,
    *,
    bias: Float[Tensor, " new"] | None = None,
) -> Part:
    """Make the vocabulary part of a module from a draft and the vectors of its new pieces.

    vectors: [new, hidden].
    table: [base, hidden], the base's embeddings.
    rank: the rank at which the vectors are factorised, or None to store them in full.
    bias: [new], the decoder's bias of each new piece; zero by default.
    """
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
