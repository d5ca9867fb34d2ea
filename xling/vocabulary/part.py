"""A draft and the vectors of its new pieces, as the part of a module."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from xling.modules.module import Part
from xling.modules.vocabulary import Vocabulary, VocabularyConfig, factorised, shared_factor
from xling.vocabulary.draft import Draft


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
