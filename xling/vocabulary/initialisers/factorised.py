"""Vectors that lie where the base's vary most: coordinates in a frozen factor of its table."""

from __future__ import annotations

from xling.modules.vocabulary import shared_factor
from xling.vocabulary.initialisers.moments import RANDOM, draws, plain, table
from xling.vocabulary.initialisers.overlap import overlapping
from xling.vocabulary.initialisers.start import Request, Start


def start(request: Request) -> Start:
    """Coordinates times a factor of the table; those of shared pieces are taken over, others drawn.

    UNKs Everywhere (Pfeiffer et al. 2021, section 3.2): they factorise by semi-nonnegative matrix
    factorisation, here the factor is the table's first right singular vectors, and others' coordinates
    follow the moments of the table's. What comes back is coordinates times factor, at rank `request.rank`.
    """
    # of the whole table, as the module that stores the coordinates takes it
    factor = shared_factor(request.base.embeddings.detach().float().cpu(), request.rank)
    coordinates = draws(plain(request) @ factor.T, len(request.draft.new), request.generator())
    reasons = [RANDOM] * len(coordinates)
    rows = table(request)
    for place, (number, reason) in overlapping(request).items():
        coordinates[place], reasons[place] = rows[number] @ factor.T, reason
    return Start(coordinates @ factor, tuple(reasons))
