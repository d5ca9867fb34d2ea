"""Pseudo-perplexity (Salazar et al. 2020): every piece of every line predicted from all the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from xling.bases.batches import autocast, pad_rows
from xling.bases.mlm_head import MLMHead
from xling.composition.attach import Composition
from xling.training.mlm import decoding

LINES = 200


@dataclass(frozen=True)
class PseudoPerplexity:
    """value: exp of the mean negative log probability of a piece. bits_per_character: across vocabularies."""

    value: float
    bits_per_character: float
    pieces: int


@torch.no_grad()
def pseudo_perplexity(
    composition: Composition,
    head: MLMHead,
    rows: Sequence[Sequence[int]],
    *,
    characters: int,
    batch_tokens: int = 4096,
    precision: str = "auto",
) -> PseudoPerplexity:
    """Over all pieces of `rows` (special ones aside), each masked alone, against the whole vocabulary.

    characters: of the text the rows were made from.
    """
    tokenizer, decoder = composition.tokenizer(), decoding(head, composition)
    special = set(tokenizer.all_special_ids)
    jobs = [
        (row, at) for row in sorted(rows, key=len) for at, piece in enumerate(row) if piece not in special
    ]
    composition.train(False)
    device = str(composition.encoder.device)
    total, start = 0.0, 0
    while start < len(jobs):
        longest = len(jobs[min(len(jobs), start + batch_tokens // len(jobs[start][0])) - 1][0])
        batch = jobs[start : start + max(1, batch_tokens // longest)]
        start += len(batch)
        ids, mask = pad_rows([row for row, _ in batch], tokenizer.pad_token_id, device)
        positions = torch.as_tensor([at for _, at in batch])
        each = torch.arange(len(batch))
        wanted = ids[each, positions]
        ids[each, positions] = tokenizer.mask_token_id
        with autocast(device, precision):
            states = composition(ids, mask)[each, positions]
            logits = decoder(states, composition.undo)
        total += torch.nn.functional.cross_entropy(logits.float(), wanted, reduction="sum").item()
    mean = total / max(1, len(jobs))
    return PseudoPerplexity(math.exp(mean), total / math.log(2) / max(1, characters), len(jobs))
