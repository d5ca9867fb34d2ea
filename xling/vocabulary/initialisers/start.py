"""What an initialiser is asked and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from xling.bases.opening import Base
from xling.bases.tokenizers import table_size
from xling.vocabulary.draft import Draft


@dataclass(frozen=True, kw_only=True)
class Request:
    """Vectors are wanted for `draft.new`.

    lines: the target language's text. source_lines: text of a language that the base knows.
    dictionary: (target word, source word) pairs. pairs: (target, source) sentences. rank: of factorised
    vectors.
    """

    base: Base
    draft: Draft
    lines: Sequence[str]
    source_lines: Sequence[str] = ()
    dictionary: Sequence[tuple[str, str]] = ()
    pairs: Sequence[tuple[str, str]] = ()
    rank: int = 100
    seed: int = 0

    @property
    def table(self) -> Float[Tensor, "pieces hidden"]:
        """The base's vectors, those of its tokenizer's pieces alone."""
        return self.base.embeddings.detach()[: table_size(self.base.tokenizer)]

    def generator(self) -> torch.Generator:
        """A fresh source of randomness."""
        return torch.Generator().manual_seed(self.seed)


@dataclass(frozen=True)
class Start:
    """vectors: [new, hidden]. reasons: of each, in a word or two, such as `copied` or `random`."""

    vectors: Float[Tensor, "new hidden"]
    reasons: tuple[str, ...] = field(default=())
