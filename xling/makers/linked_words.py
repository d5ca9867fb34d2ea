"""The words of parallel sentences that are each other's translations, as spans of pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from xling.data.tokenise import words
from xling.training.alignment import Linked
from xling.training.likeness import Span
from xling.words.aligning import Aligner, strongest

Offsets = Sequence[tuple[int, int]]  # of each piece of a row, in characters of its text


def linked_words(
    pairs: Sequence[tuple[str, str]], own: Sequence[Offsets], source: Sequence[Offsets]
) -> list[Linked]:
    """Return the links of every pair: only words that are each other's strongest, by `Aligner`.

    own, source: the offsets of the pieces of both sides, special pieces included; words that were cut off
    have no pieces and are left out.
    """
    aligner = Aligner(pairs)
    return [list(_links(pair, places, aligner)) for pair, *places in zip(pairs, own, source, strict=True)]


def _links(
    pair: tuple[str, str], offsets: Sequence[Offsets], aligner: Aligner
) -> Iterator[tuple[Span, Span]]:
    sides = [words(text) for text in pair]
    spans = [_spans(text, side, places) for text, side, places in zip(pair, sides, offsets, strict=True)]
    links = aligner.links(*sides)
    if links.size:
        for one, other in np.argwhere(strongest(links, 0) & strongest(links, 1)).tolist():
            if (first := spans[0][one]) and (second := spans[1][other]):
                yield first, second


def _spans(text: str, tokens: Sequence[str], offsets: Offsets) -> list[Span | None]:
    """Return the pieces that each word of a text lies in; None for a word without pieces."""
    found: list[Span | None] = []
    end = piece = 0
    for token in tokens:
        start = text.index(token, end)
        end = start + len(token)
        while piece < len(offsets) and offsets[piece][1] <= start:
            piece += 1
        last = piece
        while last < len(offsets) and offsets[last][0] < end and offsets[last][1] > start:
            last += 1
        found.append((piece, last) if last > piece else None)
    return found
