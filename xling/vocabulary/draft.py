"""A vocabulary before its vectors: which pieces, which of them the base has, and what splits a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tokenizers import Tokenizer

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
