"""Vocabularies of chosen pieces on the tiny bases, and what an initialiser is asked for them."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import torch
from torch import nn

from support.foreign_text import SPELLED
from support.tiny import TEXTS
from support.tokenizers_of_kinds import with_tokenizer
from xling.vocabulary.initialisers.start import Request
from xling.vocabulary.pieces import Draft, describe
from xling.vocabulary.replacing import seat, special_pieces

NKO_WORDS = list(dict.fromkeys(word for line in SPELLED for word in line.split()))
SPELLED_AS = {
    own: word
    for one, two in zip(SPELLED, TEXTS, strict=True)
    for own, word in zip(one.split(), two.split(), strict=True)
}
MIXED = ["▁amina", "▁Juma", "shule", "▁mina", "mina", *(f"▁{word}" for word in NKO_WORDS)]


def drafted(base, new):
    """A vocabulary of the base's special pieces and new ones; the more to the front, the likelier."""
    described, special = describe(base.tokenizer), special_pieces(base)
    pieces = [*(text for text, _ in special), *new]
    model = described["model"]
    seat(described, pieces, {piece: -float(at) for at, piece in enumerate(pieces)})
    if "merges" in model:
        model["merges"] = []
    return Draft(
        method="replace",
        tokenizer=json.dumps(described),
        pieces=tuple(pieces),
        kept=tuple(number for _, number in special),
    )


def asked(base, new=MIXED, lines=(*TEXTS, *SPELLED), **more):
    return Request(base=base, draft=drafted(base, new), lines=list(lines), **more)


def row(base, *pieces):
    """The mean of the base's vectors of some pieces."""
    return base.embeddings[base.tokenizer.convert_tokens_to_ids(list(pieces))].mean(0)


def with_table(base, vectors):
    """The base with other vectors, as many as its tokenizer has pieces."""
    encoder = copy.deepcopy(base.encoder)
    encoder.set_input_embeddings(nn.Embedding.from_pretrained(vectors))
    return replace(base, encoder=encoder)


def of_kind(bert, kind):
    base = with_tokenizer(bert, kind)
    return with_table(base, torch.randn(len(base.tokenizer), 16, generator=torch.Generator().manual_seed(1)))


EVERYTHING = {
    "source_lines": TEXTS,
    "dictionary": list(SPELLED_AS.items())[:12],
    "pairs": list(zip(SPELLED, TEXTS, strict=True)),
}
