"""The base's sub-words of a piece's Latin spelling."""

from __future__ import annotations

from xling.data.romanising import romanised
from xling.vocabulary.initialisers.moments import completed, table
from xling.vocabulary.initialisers.start import Request, Start
from xling.vocabulary.initialisers.subwords import PieceReader, mean_of
from xling.vocabulary.surface import Surface, surface

REASON = "romanised"


def start(request: Request) -> Start:
    """What the base reads of each piece in Latin letters, averaged; what has no such spelling is drawn.

    Spelled by uroman (Hermjakob, May and Knight 2018), as Purkayastha et al. (2023) and others spell whole
    texts for encoders; here only the vectors start from it, the text keeps its letters. Letters that
    uroman does not know come out as their Unicode names and start from these.
    """
    reader, rows = PieceReader(request.base), table(request)
    found = {}
    for place, piece in enumerate(request.draft.new):
        meant = surface(piece, reader.kind)
        latin = romanised(meant.text).strip()
        bare = not meant.text  # the mark of a beginning, with no letter to spell
        read = reader.text(Surface(latin, meant.begins)) if latin or bare else []
        if read:
            found[place] = mean_of(rows, read), REASON
    return completed(request, found)
