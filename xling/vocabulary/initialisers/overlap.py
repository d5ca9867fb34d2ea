"""Vectors of the pieces that the base has too."""

from __future__ import annotations

from collections.abc import Iterator

from xling.vocabulary.initialisers.moments import completed, table
from xling.vocabulary.initialisers.start import Request, Start
from xling.vocabulary.surface import Surface, algorithm, describe, surface

COPIED, VARIANT = "copied", "copied from a variant"
_BROKEN = "\ufffd"


def start(request: Request) -> Start:
    """A piece that stands for the same as one of the base gets its vector, the others are drawn.

    What UNKs Everywhere (Pfeiffer et al. 2021), FOCUS (Dobler and de Melo 2023) and others begin with;
    here other case, and the beginning of a word for the inside of one, count too where nothing is nearer.
    """
    rows, found = table(request), overlapping(request)
    return completed(request, {place: (rows[number], reason) for place, (number, reason) in found.items()})


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
