"""Dictionaries: read from a file, or taken from parallel sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import sparse

from xling.data.textfile import find, read_lines
from xling.data.tokenise import words
from xling.errors import InputError

_FEWEST = 3
WordPair = tuple[str, str]


def read_word_list(path: str | Path) -> list[WordPair]:
    """Pairs of (target word, source word), one a line with a tab between; empty lines are passed over.

    Raises InputError, with the line, for a row without just two columns; for an empty or missing file, or
    one that is not UTF-8.
    """
    found = find(Path(path))
    pairs: list[WordPair] = []
    for number, line in enumerate(read_lines(found), start=1):
        columns = [" ".join(column.split()) for column in line.split("\t")]
        if not any(columns):
            continue
        if len(columns) != 2 or not all(columns):
            raise InputError(
                f"{sum(map(bool, columns))} columns where a word and its source word are wanted",
                where=found,
                line=number,
                hint="write word TAB source word",
            )
        pairs.append((columns[0], columns[1]))
    return pairs


def induced(pairs: Sequence[WordPair]) -> list[WordPair]:
    """A dictionary from parallel sentences (target, source): words that are each other's best translation.

    The better, the higher Dice's coefficient (1945) of the sentence pairs that two words stand in; they
    share 3 at least, and a word whose best is shared by several has none. Words are in small letters, in
    the order in which the target's first stand.
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
    """Which values are the largest of their group, and the only ones so large."""
    most = np.zeros(groups)
    np.maximum.at(most, group, value)
    best = value == most[group]
    return best & (np.bincount(group[best], minlength=groups)[group] == 1)


class _Words:
    """names: words of sentences. often: in how many each stands. sentences: which, [sentences, words]."""

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
