"""Links between the words of a sentence and of its translation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.foreign_text import SPELLED
from support.tiny import TEXTS

from xling.words.aligning import LIKE, Aligner

SPELLED_PAIRS = list(zip(SPELLED, TEXTS, strict=True))
NAMES = st.lists(st.sampled_from(["Amina", "Anima", "Dar", "2019", "Dodoma", "NAIROBI"]), min_size=1)


@pytest.fixture(scope="module")
def aligner() -> Aligner:
    return Aligner(SPELLED_PAIRS)


def test_words_that_are_always_together_are_linked_in_any_order(aligner):
    own, other = SPELLED[10].split(), TEXTS[10].split()
    assert len(set(own)) == len(own)
    order = [3, 0, 1, 2, *range(4, len(own))]
    links = aligner.links([own[number] for number in order], other)
    assert links.argmax(1).tolist() == order
    assert [row.max() >= 0.25 for row in links] == [True] * len(own)


def test_names_are_linked_by_their_likeness_alone(aligner):
    links = aligner.links(["Mozambiƙue", "mozambiƙue", "To"], ["the", "Mozambique", "To", "mozambique"])
    assert LIKE < links[0, 1] < 1
    assert np.count_nonzero(links) == 1, "neither words without a capital nor short ones are names"


def test_names_that_are_hardly_alike_are_not_linked(aligner):
    assert not aligner.links(["Masar"], ["Egypt"]).any()


def test_a_weaker_link_goes_when_both_of_its_words_have_a_stronger_one():
    links = Aligner([("a", "b")]).links(["Obasanjo", "Obasanja"], ["Obasanjo", "Obasanja"])
    assert (links > 0).tolist() == [[True, False], [False, True]]


@given(own=NAMES)
def test_the_same_sentence_is_linked_word_by_word(own):
    links = Aligner([(" ".join(own), " ".join(own))]).links(own, own)
    assert (links.argmax(0) == range(len(own))).all() and (links.argmax(1) == range(len(own))).all()


def test_an_empty_side_has_no_links(aligner):
    assert aligner.links([], ["amina"]).shape == (0, 1)
    assert aligner.links(["amina"], []).shape == (1, 0)
