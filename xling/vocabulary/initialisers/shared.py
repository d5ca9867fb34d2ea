"""Vectors that start from those of the pieces that the base has too: copied, as coordinates, or mixed."""

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
_AT_ONCE = 1 << 23  # similarities in memory


def overlap(request: Request) -> Start:
    """A piece that stands for the same as one of the base gets its vector, the others are drawn.

    What UNKs Everywhere (Pfeiffer et al. 2021), FOCUS (Dobler and de Melo 2023) and others begin with;
    here other case, and the beginning of a word for the inside of one, count too where nothing is nearer.
    """
    return completed(request, copied(request))


def copied(request: Request) -> dict[int, tuple[Float[Tensor, " hidden"], str]]:
    """The base's vector for a new piece and how it was found, by the new one's place."""
    rows = request.table
    return {place: (rows[number], reason) for place, (number, reason) in overlapping(request).items()}


def overlapping(request: Request) -> dict[int, tuple[int, str]]:
    """The base's piece for a new one and how it was found, by the new one's place; special pieces aside."""
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
        elif meant.text and _BROKEN not in meant.text:  # halves of letters look alike
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
    """Coordinates times a factor of the table; those of shared pieces are taken over, others drawn.

    UNKs Everywhere (Pfeiffer et al. 2021, section 3.2): they factorise by semi-nonnegative matrix
    factorisation, here the factor is the table's first right singular vectors, and others' coordinates
    follow the moments of the table's. What comes back is coordinates times factor, at rank `request.rank`.
    """
    # of the whole table, as the module that stores the coordinates takes it
    factor = shared_factor(request.base.embeddings.detach().float().cpu(), request.rank)
    coordinates = draws(plain(request) @ factor.T, len(request.draft.new), request.generator())
    reasons = [RANDOM] * len(coordinates)
    for place, (vector, reason) in copied(request).items():
        coordinates[place], reasons[place] = vector @ factor.T, reason
    return Start(coordinates @ factor, tuple(reasons))


def similarity(request: Request) -> Start:
    """Shared pieces are copied, each other one is a sparse mixture of them, unseen ones are drawn.

    FOCUS (Dobler and de Melo 2023): weights are the sparsemax of cosines between vectors trained on the
    text as the new tokenizer splits it. Theirs are fastText's, here they come from co-occurrence counts;
    the base's pieces that an extended vocabulary keeps are mixed too.
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
