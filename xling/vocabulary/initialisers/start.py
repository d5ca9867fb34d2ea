"""What an initialiser receives and returns, and random vectors for pieces of which nothing is known."""

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
    """The input of an initialiser, which returns vectors for `draft.new`.

    lines: text in the target language.
    source_lines: text in a language that the base knows.
    dictionary: pairs of (target word, source word).
    pairs: pairs of (target sentence, source sentence).
    rank: the rank of factorised vectors.
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
        """The base's vectors of its tokenizer's pieces, [pieces, hidden], in float32 on the CPU."""
        return self.base.embeddings.detach()[: table_size(self.base.tokenizer)].float().cpu()

    def generator(self) -> torch.Generator:
        """Return a new random generator with the seed of the request."""
        return torch.Generator().manual_seed(self.seed)


@dataclass(frozen=True)
class Start:
    """The initial vectors of new pieces.

    vectors: [new, hidden].
    reasons: for each vector, where it comes from, in a word or two such as `copied` or `random`.
    """

    vectors: Float[Tensor, "new hidden"]
    reasons: tuple[str, ...] = field(default=())


def served(draft: Draft, start: Start, rows: Sequence[Sequence[int]]) -> list[dict[str, str | float]]:
    """Return one row per reason, starting with the one that covers most of the text.

    rows: the piece numbers of a text as the draft splits it.
    The column `pieces` is the reason's share of the new pieces, and `tokens` its share of their occurrences
    in the text. Each column sums to 1, or is 0 if no new piece occurs.
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
    """Draw each dimension of each vector from a normal distribution with the mean and deviation of the table.

    Other methods fall back on this: FOCUS (Dobler and de Melo 2023) and WECHSEL (Minixhofer et al. 2022) do
    so too. Special pieces, whose vectors are far from the others, are excluded from the moments here.
    """
    return completed(request, {})


def completed(request: Request, found: Mapping[int, tuple[Float[Tensor, " hidden"], str]]) -> Start:
    """Return the vectors that were found for some new pieces, and random draws for all others.

    found: the vector and the reason, by the index of the piece among the new ones.
    """
    vectors = draws(plain(request), len(request.draft.new), request.generator())
    reasons = [RANDOM] * len(vectors)
    for place, (vector, reason) in found.items():
        vectors[place], reasons[place] = vector, reason
    return Start(vectors, tuple(reasons))


def draws(
    values: Float[Tensor, "pieces width"], count: int, generator: Generator
) -> Float[Tensor, "count width"]:
    """Draw `count` rows from normal distributions with the mean and deviation of each column."""
    noise = torch.randn(count, values.shape[1], generator=generator)
    return values.mean(0) + values.std(0, correction=0) * noise


def plain(request: Request) -> Float[Tensor, "pieces hidden"]:
    """Return the base's vectors without those of its special pieces."""
    rows = request.table
    special = torch.tensor(sorted(set(request.base.tokenizer.all_special_ids)), dtype=torch.long)
    return rows[~torch.isin(torch.arange(len(rows)), special)]
