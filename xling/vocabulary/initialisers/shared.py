"""Initialising from pieces that the base has too: by copies, factorised coordinates, or mixtures."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from xling.modules.vocabulary import shared_factor
from xling.vocabulary.cooccurrence import learn
from xling.vocabulary.initialisers.start import RANDOM, Request, Start, completed, draws, plain
from xling.vocabulary.pieces import Surface, algorithm, describe, split, surface

COPIED, VARIANT = "copied", "copied from a variant"
_BROKEN = "\ufffd"
SIMILAR = "similar pieces"
_AT_ONCE = 1 << 23  # the number of similarities that are in memory at once


def overlap(request: Request) -> Start:
    """Copy the base's vector if a piece of the base stands for the same text; draw other pieces at random.

    UNKs Everywhere (Pfeiffer et al. 2021), FOCUS (Dobler and de Melo 2023) and others begin like this. Here a
    piece in another case, or at another position in a word, is used too if there is no exact match.
    """
    return completed(request, copied(request))


def copied(request: Request) -> dict[int, tuple[Float[Tensor, " hidden"], str]]:
    """Return the base's vector for new pieces and the reason, by the index among the new pieces."""
    rows = request.table
    return {place: (rows[number], reason) for place, (number, reason) in overlapping(request).items()}


def overlapping(request: Request) -> dict[int, tuple[int, str]]:
    """Return the number of the matching base piece and the reason, by the index among the new pieces.

    Special pieces of the base do not match.
    """
    tokenizer = request.base.tokenizer
    kind, special = algorithm(describe(tokenizer)), set(tokenizer.all_special_ids)
    exact = {piece: number for piece, number in tokenizer.get_vocab().items() if number not in special}
    standing: dict[Surface, int] = {}
    for piece, number in sorted(exact.items(), key=lambda entry: entry[1]):
        standing.setdefault(surface(piece, kind), number)
    found = {}
    for place, piece in enumerate(request.draft.new):
        meant = surface(piece, kind)
        if piece in exact:
            found[place] = exact[piece], COPIED
        elif meant.text and _BROKEN not in meant.text:  # incomplete letters all look the same
            near = next((other for other in _nearest_first(meant) if other in standing), None)
            if near is not None:
                found[place] = standing[near], COPIED if near == meant else VARIANT
    return found


def _nearest_first(meant: Surface) -> Iterator[Surface]:
    text = meant.text
    cases = (text.lower(), text.capitalize(), text.upper())
    yield meant
    yield from (Surface(other, meant.begins) for other in cases)
    yield from (Surface(other, not meant.begins) for other in (text, *cases))


def factorised(request: Request) -> Start:
    """Initialise coordinates in a factorised table: those of shared pieces are copied, others are drawn.

    UNKs Everywhere (Pfeiffer et al. 2021, section 3.2) uses semi-nonnegative matrix factorisation. Here the
    factor consists of the table's first right singular vectors, and the coordinates of other pieces follow
    the moments of the table's coordinates. Returns coordinates times factor, at rank `request.rank`.
    """
    # the factor is that of the whole table, as in the module that stores the coordinates
    factor = shared_factor(request.base.embeddings.detach().float().cpu(), request.rank)
    coordinates = draws(plain(request) @ factor.T, len(request.draft.new), request.generator())
    reasons = [RANDOM] * len(coordinates)
    for place, (vector, reason) in copied(request).items():
        coordinates[place], reasons[place] = vector @ factor.T, reason
    return Start(coordinates @ factor, tuple(reasons))


def similarity(request: Request) -> Start:
    """Copy shared pieces, make other pieces sparse mixtures of them, and draw pieces that do not occur.

    FOCUS (Dobler and de Melo 2023): the weights are the sparsemax of cosines between vectors trained on the
    text as the new tokenizer splits it. Their vectors are fastText's; here they come from co-occurrence
    counts. The base's pieces that an extended vocabulary keeps take part in the mixtures too.
    """
    draft, rows, copies = request.draft, request.table, overlapping(request)
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
        found |= {at - first: (vector, SIMILAR) for at, vector in zip(others, mixed, strict=True)}
    return completed(request, found)


def mixtures(
    own: Float[Tensor, "pieces width"],
    known: Float[Tensor, "anchors width"],
    vectors: Float[Tensor, "anchors hidden"],
) -> Float[Tensor, "pieces hidden"]:
    """Return the anchors' vectors weighted by the sparsemax of cosines.

    The vectors in `own` and `known` must have length one.
    """
    rows = max(1, _AT_ONCE // len(known))
    return torch.cat([sparsemax(part @ known.T) @ vectors for part in own.split(rows)])


def sparsemax(scores: Float[Tensor, "rows items"]) -> Float[Tensor, "rows items"]:
    """Project each row onto the simplex (Martins and Astudillo 2016), which makes most weights zero."""
    scores = scores - scores.amax(1, keepdim=True)
    ordered = scores.sort(dim=1, descending=True).values
    excess = ordered.cumsum(1) - 1
    counts = torch.arange(1, scores.shape[1] + 1, device=scores.device)
    support = (ordered * counts > excess).sum(1, keepdim=True)
    return (scores - excess.gather(1, support - 1) / support).clamp(min=0)
