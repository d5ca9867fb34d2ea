"""What an initialiser is asked, what it answers, and draws for the pieces of which nothing is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from xling.bases.base import Base
from xling.bases.tokenizers import table_size
from xling.vocabulary.pieces import Draft

RANDOM = "random"


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
        """The base's vectors, those of its tokenizer's pieces alone, in float32 on the processor."""
        return self.base.embeddings.detach()[: table_size(self.base.tokenizer)].float().cpu()

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


def moments(request: Request) -> Start:
    """Each dimension of each vector from a normal distribution with the table's mean and deviation there.

    What other methods fall back on: FOCUS (Dobler and de Melo 2023) and WECHSEL (Minixhofer et al. 2022)
    do so too. Special pieces, whose vectors lie far off, are left out of the moments here.
    """
    return completed(request, {})


def completed(request: Request, found: Mapping[int, tuple[Float[Tensor, " hidden"], str]]) -> Start:
    """Some new pieces' vectors and their reasons, by the pieces' places; draws for the others."""
    vectors = draws(plain(request), len(request.draft.new), request.generator())
    reasons = [RANDOM] * len(vectors)
    for place, (vector, reason) in found.items():
        vectors[place], reasons[place] = vector, reason
    return Start(vectors, tuple(reasons))


def draws(
    values: Float[Tensor, "pieces width"], count: int, generator: Generator
) -> Float[Tensor, "count width"]:
    """So many rows drawn with the mean and deviation of each column."""
    noise = torch.randn(count, values.shape[1], generator=generator)
    return values.mean(0) + values.std(0, correction=0) * noise


def plain(request: Request) -> Float[Tensor, "pieces hidden"]:
    """The base's vectors but those of its special pieces."""
    rows = request.table
    special = torch.tensor(sorted(set(request.base.tokenizer.all_special_ids)), dtype=torch.long)
    return rows[~torch.isin(torch.arange(len(rows)), special)]
