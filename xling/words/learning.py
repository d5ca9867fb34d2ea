"""Learning a lexicon from parallel sentences: the likeliest translation of each word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xling.errors import InputError
from xling.modules.lexicon import Entry
from xling.spelling import listed, side_by_side, word_spans, words_of
from xling.words.aligners import ALIGNERS
from xling.words.translation_table import SplitText

Pair = tuple[str, str]
_FEWEST_PAIRS = 2


def learned_entries(pairs: Sequence[Pair], *, least: float = 0.1, aligner: str = "ibm1") -> list[Entry]:
    """Return an entry for each word of the first sides: its likeliest translation and the probability.

    pairs: (sentence, its translation). least: the least probability of a translation. aligner: the name of
    what gives the probabilities, one of `ALIGNERS`.

    A word without a likely translation has no entry, because a wrong gloss is worse than the word itself. In
    scripts without blanks between words, two adjacent syllables are an entry too. Words come in the order of
    their first occurrence. Raises InputError for fewer than two pairs.
    """
    if len(pairs) < _FEWEST_PAIRS:
        raise InputError(f"{len(pairs)} pairs of sentences are too few to learn from", where="--pairs")
    own, names = numbered([_entries_in(one) for one, _ in pairs])
    other, translations = numbered([words_of(two) for _, two in pairs])
    chances = ALIGNERS[aligner](own, other)
    columns = np.asarray(chances.argmax(axis=1)).ravel().tolist()
    values = chances.max(axis=1).toarray().ravel().tolist()
    best = zip(names, columns, values, strict=True)
    return [
        Entry(word, translations[column], round(value, 4)) for word, column, value in best if value > least
    ]


def numbered(sentences: Sequence[Sequence[str]]) -> tuple[SplitText, list[str]]:
    """Return sentences with numbers for their words, and the word of each number."""
    numbers: dict[str, int] = {}
    rows = [[numbers.setdefault(word, len(numbers)) for word in sentence] for sentence in sentences]
    return SplitText(rows, len(numbers)), list(numbers)


def _entries_in(sentence: str) -> list[str]:
    """Return the words of a sentence, and two adjacent ones as one entry if no blank stands between them."""
    spans = word_spans(sentence)
    found = [*spans, *((one[0], two[1]) for one, two in side_by_side(sentence, spans))]
    return [listed(sentence[start:end]) for start, end in found]
