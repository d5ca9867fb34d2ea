"""Links between the words of a sentence and of its translation, by IBM model 1 and by likeness of names."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float
from scipy import sparse

from xling.data.tokenise import words
from xling.spelling import listed
from xling.words.learning import numbered
from xling.words.translation_table import both_ways

LIKE = 0.65  # the least likeness of two names, as a share of common characters
_WEAKEST = 0.01  # the least strength of a link between words that are not alike
_BY_PLACE = 0.01  # the share of its strength that a link loses from one end of a sentence to the other
_SHORTEST = 3  # characters of a word that counts as a name

Links = Float[np.ndarray, "own other"]


class Aligner:
    """What parallel sentences tell about which of their words belong together.

    Args:
        pairs: (sentence, its translation).
    """

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs
        self._like: dict[tuple[str, str], float] = {}

    def links(self, own: Sequence[str], other: Sequence[str]) -> Links:
        """Return the strengths of the links between the words of a sentence and of its translation.

        Two words are linked when each of the other links of one of them is weaker; the others have 0.
        """
        strength = self.strengths(own, other)
        if not strength.size:
            return strength
        best = strongest(strength, 0) | strongest(strength, 1)
        return np.where(best & (strength >= _WEAKEST), strength, 0.0)

    def strengths(self, own: Sequence[str], other: Sequence[str]) -> Links:
        """Return how strongly each word of a sentence is linked with each of its translation.

        The strength is the product of the two words' probabilities as translations of each other, and for
        names and numbers that are alike also their likeness, from 0.65 to 1. Of several equal words, those at
        like places of the two sentences are linked slightly more strongly.
        """
        likeness = np.array([[self._likeness(one, two) for two in other] for one in own])
        found = self._together(own, other) + likeness.reshape(len(own), len(other))
        rows, columns = ((np.arange(count) + 0.5) / max(count, 1) for count in found.shape)
        return found * (1 - _BY_PLACE * np.abs(np.subtract.outer(rows, columns)))

    def _together(self, own: Sequence[str], other: Sequence[str]) -> Links:
        """Return the products of probabilities; zero for words that the pairs do not have."""
        product, rows, columns = self._learned
        at = [rows.get(listed(word), -1) for word in own], [columns.get(listed(word), -1) for word in other]
        return product[at[0]][:, at[1]].toarray()

    def _likeness(self, one: str, two: str) -> float:
        """Return how alike two names or numbers are; 0 for other words, and below the least likeness."""
        if not (_is_name(one) and _is_name(two)):
            return 0.0
        key = listed(one), listed(two)
        if key not in self._like:
            ratio = SequenceMatcher(None, *key, autojunk=False).ratio()
            self._like[key] = ratio if ratio > LIKE else 0.0
        return self._like[key]

    @cached_property
    def _learned(self) -> tuple[sparse.csr_array, dict[str, int], dict[str, int]]:
        """The product of both directions' probabilities, and the numbers of the words of either side.

        An empty row and an empty column at the end stand for all words that the pairs do not have.
        """
        own, names = numbered([_listed_words(one) for one, _ in self._pairs])
        other, translations = numbered([_listed_words(two) for _, two in self._pairs])
        padded = sparse.csr_array(both_ways(own, other))
        padded.resize(len(names) + 1, len(translations) + 1)
        sides = [{word: at for at, word in enumerate(side)} for side in (names, translations)]
        return padded, sides[0], sides[1]


def strongest(links: Links, axis: int) -> Bool[np.ndarray, "own other"]:
    """Return which links no other one of the same own word (axis 1) or other word (axis 0) exceeds."""
    return (links > 0) & (links == links.max(axis, keepdims=True, initial=0.0))


def _listed_words(sentence: str) -> list[str]:
    return [listed(word) for word in words(sentence)]


def _is_name(word: str) -> bool:
    return word.isdigit() or (len(word) >= _SHORTEST and any(map(str.isupper, word)))
