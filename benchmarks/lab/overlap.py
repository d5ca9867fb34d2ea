"""Leaving out parallel text that shares a run of words with sentences that methods are scored on."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

WIDTH = 8  # words in a row
Pair = tuple[str, str]


@dataclass(frozen=True)
class Sifted:
    """Pairs of sentences, and how many others were left out.

    kept: the pairs without an overlap, in their order.
    own, source: how many pairs had one in the language, and in the source language; some have both.
    dropped: how many pairs were left out.
    """

    kept: Sequence[Pair]
    own: int
    source: int
    dropped: int


def sifted(pairs: Sequence[Pair], own: Iterable[str], source: Iterable[str]) -> Sifted:
    """Leave out the pairs of which a side shares eight words in a row with a sentence of its language.

    own, source: the sentences that are kept apart, in the language and in the source language.
    """
    apart = [Apart(sentences) for sentences in (own, source)]
    found = [tuple(side.overlaps(text) for side, text in zip(apart, pair, strict=True)) for pair in pairs]
    return Sifted(
        kept=[pair for pair, hits in zip(pairs, found, strict=True) if not any(hits)],
        own=sum(hits[0] for hits in found),
        source=sum(hits[1] for hits in found),
        dropped=sum(map(any, found)),
    )


class Apart:
    """The sentences of one language that no training may see, as runs of eight words."""

    def __init__(self, sentences: Iterable[str]) -> None:
        self._runs = {run for sentence in sentences for run in runs(sentence)}

    def overlaps(self, text: str) -> bool:
        """Return whether a text shares a run of words with one of the sentences."""
        return any(run in self._runs for run in runs(text))


def runs(text: str) -> Iterator[str]:
    """Yield every run of eight words of a text, lower-cased and joined by spaces; none if it is shorter."""
    found = words(text)
    for start in range(len(found) - WIDTH + 1):
        yield " ".join(found[start : start + WIDTH])


def words(text: str) -> list[str]:
    """Return the runs of letters, marks and digits of a text in lower case; Tibetan ones are syllables.

    Spaces and punctuation are ignored, so that a tokenised sentence gives the same words as its text.
    """
    lowered = unicodedata.normalize("NFC", text).lower()
    return "".join(sign if unicodedata.category(sign)[0] in "LMN" else " " for sign in lowered).split()
