"""What each way of starting a vector served: of the new pieces, and of the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from xling.vocabulary.draft import Draft
from xling.vocabulary.initialisers.start import Start


def served(draft: Draft, start: Start, rows: Sequence[Sequence[int]]) -> list[dict[str, str | float]]:
    """A row for each reason, the one that serves most of the text first.

    rows: a text as the draft splits it.
    pieces: its share of the new pieces. tokens: its share of their occurrences in the rows; each column
    sums to one, or is zero where there is nothing to share.
    """
    first = len(draft.kept)
    occurrences = Counter(start.reasons[number - first] for row in rows for number in row if number >= first)
    pieces = Counter(start.reasons)
    order = sorted(pieces, key=lambda reason: (-occurrences[reason], -pieces[reason], reason))
    return [
        {
            "reason": reason,
            "pieces": pieces[reason] / pieces.total(),
            "tokens": occurrences[reason] / max(1, occurrences.total()),
        }
        for reason in order
    ]
