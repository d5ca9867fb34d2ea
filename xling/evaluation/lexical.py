"""Surface similarity of two texts: shared words, character trigrams and subword pieces."""

from __future__ import annotations

import random
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import entropy

from xling.data.tokenise import words
from xling.vocabulary.diagnosis.measures import Figures, divergence, figures
from xling.vocabulary.letters import is_letter

MOST_CHARACTERS = 1_000_000
_EDGE = " "


@dataclass(frozen=True)
class SurfaceCounts:
    """Frequencies of the words and the character trigrams of a text.

    pieces: statistics of its subword pieces, or None without a tokenizer.
    """

    words: Mapping[str, int]
    trigrams: Mapping[str, int]
    pieces: Figures | None = None


def surface(lines: Sequence[str], *, tokenizer: Any = None, max_length: int = 512) -> SurfaceCounts:
    """Count the words and trigrams of a text, and its pieces if a fast tokenizer is given.

    Words are casefolded (NFC); numbers and punctuation, which all languages share, are left out. A
    script without spaces has long words, so that its trigrams are more informative.
    """
    read = (word for line in lines for word in words(unicodedata.normalize("NFC", line).casefold()))
    counted = Counter(word for word in read if any(map(is_letter, word)))
    pieces = None if tokenizer is None else figures(tokenizer, lines, max_length)
    return SurfaceCounts(counted, _trigrams(counted), pieces)


def word_overlap(first: SurfaceCounts, second: SurfaceCounts) -> float:
    """Return the Jaccard index of the two sets of words, from 0 to 1."""
    return _jaccard(first.words.keys(), second.words.keys())


def trigram_similarity(first: SurfaceCounts, second: SurfaceCounts) -> float:
    """Return 1 minus the Jensen-Shannon divergence, in bits, of the two trigram distributions.

    A space at each word boundary counts as a character.
    """
    keys = sorted(first.trigrams.keys() | second.trigrams.keys())
    if not (first.trigrams and second.trigrams):
        return 0.0
    p, q = (_shares(each.trigrams, keys) for each in (first, second))
    apart = entropy((p + q) / 2, base=2) - (entropy(p, base=2) + entropy(q, base=2)) / 2
    return 1 - float(np.clip(apart, 0, 1))


def piece_similarity(first: SurfaceCounts, second: SurfaceCounts) -> float:
    """Return 1 minus the divergence of pieces that `xling vocabulary diagnose --against` reports."""
    assert first.pieces is not None and second.pieces is not None
    return 1 - min(1.0, max(0.0, divergence(first.pieces, second.pieces)))


def equal_parts(texts: Sequence[Sequence[str]], *, seed: int, most: int = MOST_CHARACTERS) -> list[list[str]]:
    """Draw lines of each text until all have as many characters as the shortest text, and at most `most`.

    Texts of unequal length would have unequal numbers of words in common with a third text.
    """
    wanted = min(most, *(sum(map(len, lines)) for lines in texts))
    return [part(lines, wanted, seed=seed) for lines in texts]


def part(lines: Sequence[str], characters: int, *, seed: int) -> list[str]:
    """Draw random lines up to a number of characters; the last line is cut."""
    drawn: list[str] = []
    for line in random.Random(seed).sample(lines, len(lines)):
        if characters <= 0:
            break
        drawn.append(line[:characters])
        characters -= len(line)
    return drawn


def _trigrams(counted: Mapping[str, int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for word, often in counted.items():
        edged = f"{_EDGE}{word}{_EDGE}"
        for start in range(len(edged) - 2):
            found[edged[start : start + 3]] += often
    return found


def _jaccard(first: Set[str], second: Set[str]) -> float:
    return len(first & second) / len(first | second) if first or second else 0.0


def _shares(counts: Mapping[str, int], keys: Sequence[str]) -> np.ndarray:
    found = np.array([counts.get(key, 0) for key in keys], dtype=float)
    return found / found.sum()
