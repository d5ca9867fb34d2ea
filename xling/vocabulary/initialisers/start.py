"""What an initialiser is asked, what it answers, and what each way of starting a vector served."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from xling.bases.base import Base
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


def served(draft: Draft, start: Start, rows: Sequence[Sequence[int]]) -> list[dict[str, str | float]]:
    """A row for each reason, the one that serves most of the text first.

    rows: a text as the draft splits it.
    pieces: its share of the new pieces. tokens: its share of their occurrences in the rows; each column
    sums to one, or is zero where there is nothing to share.
    """
    first = len(draft.kept)
    occurrences = Counter(start.reasons[number - first] for row in rows for number in row if number >= first)
    pieces = Counter(start.reasons)
    order = sorted(pieces, key=lambda reason: (-occurrences[reason], -pieces[reason], reason))
    return [
        {
            "reason": reason,
            "pieces": pieces[reason] / pieces.total(),
            "tokens": occurrences[reason] / max(1, occurrences.total()),
        }
        for reason in order
    ]
