"""A vocabulary before its vectors: which pieces, which of them the base has, what splits a text.

With vectors for its new pieces it becomes the part of a module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from tokenizers import Tokenizer
from torch import Tensor

from xling.modules.module import Part
from xling.modules.vocabulary import Vocabulary, VocabularyConfig, factorised, shared_factor

Method = Literal["extend", "replace", "trim"]


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
