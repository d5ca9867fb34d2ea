"""Labels of a sentence carried to the words of its translation (annotation projection).

Projection over word links goes back to Yarowsky, Ngai and Wicentowski (2001). A span is placed where it and
the place are linked most fully, as in Politov et al. (2025).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from xling.data.bio import NO_LABEL, OUTSIDE, spans
from xling.words.aligning import Links, strongest

_LEAST_COVER = 0.5


class NotCarried(Exception):
    """Why the labels of a sentence cannot be carried over."""


class _Place(NamedTuple):
    """A place in the own sentence: how much of it and of a span are linked, how strongly, and where it is."""

    cover: float
    strength: float
    start: int
    end: int


def carried_spans(tags: Sequence[str], links: Links) -> list[str]:
    """Return BIO tags of the own words for the spans of the other side.

    tags: the BIO tags of the other side. links: [own words, other words].

    Each span takes the place whose words are most fully linked with it, the surest span first; places do not
    overlap. Raises NotCarried, with its type, when a span finds no place.
    """
    carried = [OUTSIDE] * len(links)
    waiting = spans(tags)
    while waiting:
        places = [_best_place(links[:, start:end], carried) for _, start, end in waiting]
        surest = max(range(len(places)), key=lambda number: (places[number][:2], -number))
        kind, *_ = waiting.pop(surest)
        cover, _, start, end = places[surest]
        if cover < _LEAST_COVER:
            raise NotCarried(f"{kind} finds no place")
        carried[start:end] = [f"B-{kind}"] + [f"I-{kind}"] * (end - start - 1)
    return carried


def carried_words(tags: Sequence[str], links: Links) -> list[str]:
    """Return a tag for each own word, `_` where none is known.

    tags: the tags of the other side. links: [own words, other words].

    A word gets the tag of the words with which it shares the strongest link of both, if they agree. Raises
    NotCarried when no word gets a tag.
    """
    mutual = strongest(links, 0) & strongest(links, 1)
    said = [{tags[column] for column in row.nonzero()[0].tolist()} for row in mutual]
    carried = [str(*own) if len(own) == 1 else NO_LABEL for own in said]
    if all(tag == NO_LABEL for tag in carried):
        raise NotCarried("no word is linked")
    return carried


def _best_place(links: Links, taken: Sequence[str]) -> _Place:
    """Return the free place that a span is linked with most fully, the first of equal ones.

    links: [own words, words of the span]. taken: `O` at the free words.

    The cover is the share of linked words among those of the place and of the span together.
    """
    best = _Place(0.0, 0.0, 0, 0)
    linked = [at for at, row in enumerate(links) if row.any() and taken[at] == OUTSIDE]
    for number, start in enumerate(linked):
        for last in linked[number:]:
            if any(tag != OUTSIDE for tag in taken[start : last + 1]):
                break
            inside = links[start : last + 1]
            covered = np.count_nonzero(inside.any(0)) + np.count_nonzero(inside.any(1))
            place = _Place(covered / sum(inside.shape), float(inside.max(1).mean()), start, last + 1)
            best = max(best, place, key=lambda own: own[:2])
    return best
