"""Dictionaries induced from parallel sentences: words that are each other's best translation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import sparse

from xling.data.tokenise import words

_FEWEST = 3
WordPair = tuple[str, str]


def induced(pairs: Sequence[WordPair]) -> list[WordPair]:
    """Induce a dictionary from parallel sentences: pairs of words that are each other's best translation.

    pairs: (target sentence, source sentence).
    Candidates are ranked by Dice's coefficient (1945) over the sentence pairs in which both words occur,
    which must be at least 3. A word with several best candidates has no translation. Words are lower-cased,
    in order of their first occurrence in the target text.
    """
    own, other = (_Words([pair[column] for pair in pairs]) for column in (0, 1))
    together = (own.sentences.T @ other.sentences).tocoo()
    row, column = together.coords
    dice = 2 * together.data / (own.often[row] + other.often[column])
    enough = together.data >= _FEWEST
    row, column, dice = row[enough], column[enough], dice[enough]
    best = _only_best(row, dice, len(own.names)) & _only_best(column, dice, len(other.names))
    chosen = sorted(zip(row[best].tolist(), column[best].tolist(), strict=True))
    return [(own.names[one], other.names[two]) for one, two in chosen]


def _only_best(
    group: Int[np.ndarray, " pairs"], value: Float[np.ndarray, " pairs"], groups: int
) -> Bool[np.ndarray, " pairs"]:
    """Return which values are the unique maximum of their group."""
    most = np.zeros(groups)
    np.maximum.at(most, group, value)
    best = value == most[group]
    return best & (np.bincount(group[best], minlength=groups)[group] == 1)


class _Words:
    """The words of some sentences.

    names: the distinct words.
    often: [words], the number of sentences with each word.
    sentences: [sentences, words], a sparse matrix of ones where a sentence contains a word.
    """

    def __init__(self, sentences: Sequence[str]) -> None:
        rows = [list(dict.fromkeys(word.casefold() for word in words(line))) for line in sentences]
        counts = Counter(word for row in rows for word in row)
        self.names = list(counts)
        self.often = np.array([counts[word] for word in self.names], dtype=np.float64)
        number = {word: place for place, word in enumerate(self.names)}
        row_of = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        places = np.array([number[word] for row in rows for word in row], dtype=np.int64)
        shape = (len(rows), len(number))
        self.sentences = sparse.coo_array((np.ones(len(places)), (row_of, places)), shape=shape).tocsr()
