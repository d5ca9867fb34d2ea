"""Draws with the mean and spread of the base's vectors: for pieces of which nothing is known."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from xling.vocabulary.initialisers.start import Request, Start

RANDOM = "random"


def start(request: Request) -> Start:
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


def table(request: Request) -> Float[Tensor, "pieces hidden"]:
    """The base's vectors, in float32 on the processor, where initialisers work."""
    return request.table.float().cpu()


def plain(request: Request) -> Float[Tensor, "pieces hidden"]:
    """The base's vectors but those of its special pieces."""
    rows = table(request)
    special = torch.tensor(sorted(set(request.base.tokenizer.all_special_ids)), dtype=torch.long)
    return rows[~torch.isin(torch.arange(len(rows)), special)]
