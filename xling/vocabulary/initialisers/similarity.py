"""Mixtures of the pieces that the base has too, by how alike they are in the target's text."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from xling.vocabulary.cooccurrence import learn
from xling.vocabulary.draft import split
from xling.vocabulary.initialisers.moments import completed, table
from xling.vocabulary.initialisers.overlap import overlapping
from xling.vocabulary.initialisers.start import Request, Start

REASON = "similar pieces"
_AT_ONCE = 1 << 23  # similarities in memory


def start(request: Request) -> Start:
    """Shared pieces are copied, each other one is a sparse mixture of them, unseen ones are drawn.

    FOCUS (Dobler and de Melo 2023): weights are the sparsemax of cosines between vectors trained on the
    text as the new tokenizer splits it. Theirs are fastText's, here they come from co-occurrence counts;
    the base's pieces that an extended vocabulary keeps are mixed too.
    """
    draft, rows, copies = request.draft, table(request), overlapping(request)
    first, special = len(draft.kept), set(request.base.tokenizer.all_special_ids)
    shared = {at: number for at, number in enumerate(draft.kept) if number not in special}
    shared |= {first + place: number for place, (number, _) in copies.items()}
    learned = learn(split(draft.opened(), request.lines))
    anchors = [number for number in learned.places if number in shared]
    others = [number for number in learned.places if number >= first and number not in shared]
    found = {place: (rows[number], reason) for place, (number, reason) in copies.items()}
    if anchors and others:
        directions = normalize(torch.from_numpy(learned.matrix).float())
        own, known = (directions[[learned.places[at] for at in side]] for side in (others, anchors))
        mixed = mixtures(own, known, rows[[shared[at] for at in anchors]])
        found |= {at - first: (vector, REASON) for at, vector in zip(others, mixed, strict=True)}
    return completed(request, found)


def mixtures(
    own: Float[Tensor, "pieces width"],
    known: Float[Tensor, "anchors width"],
    vectors: Float[Tensor, "anchors hidden"],
) -> Float[Tensor, "pieces hidden"]:
    """The anchors' vectors weighted by the sparsemax of cosines; own and known have length one."""
    rows = max(1, _AT_ONCE // len(known))
    return torch.cat([sparsemax(part @ known.T) @ vectors for part in own.split(rows)])


def sparsemax(scores: Float[Tensor, "rows items"]) -> Float[Tensor, "rows items"]:
    """The point of the simplex nearest to each row (Martins and Astudillo 2016): most weights are zero."""
    scores = scores - scores.amax(1, keepdim=True)
    ordered = scores.sort(dim=1, descending=True).values
    excess = ordered.cumsum(1) - 1
    counts = torch.arange(1, scores.shape[1] + 1, device=scores.device)
    support = (ordered * counts > excess).sum(1, keepdim=True)
    return (scores - excess.gather(1, support - 1) / support).clamp(min=0)
