"""Labels carried over links: spans, and tags of single words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from xling.data.bio import NO_LABEL, repaired, spans
from xling.words.projecting import NotCarried, carried_spans, carried_words

TAGS = st.lists(st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]), min_size=1, max_size=8).map(
    repaired
)
STRENGTHS = st.sampled_from([0.0, 0.0, 0.01, 0.3, 1.0])


def linked(*pairs: tuple[int, int], shape: tuple[int, int]) -> np.ndarray:
    links = np.zeros(shape)
    for pair in pairs:
        links[pair] = 0.5
    return links


@st.composite
def tagged(draw):
    tags = draw(TAGS)
    shape = draw(st.integers(0, 8)), len(tags)
    return tags, draw(arrays.arrays(float, shape, elements=STRENGTHS))


@given(tags=TAGS)
def test_the_same_words_keep_their_labels(tags):
    assert carried_spans(tags, np.eye(len(tags))) == tags
    assert carried_words(tags, np.eye(len(tags))) == tags


@given(case=tagged())
def test_spans_stay_whole_and_of_their_types(case):
    tags, links = case
    try:
        carried = carried_spans(tags, links)
    except NotCarried as reason:
        assert str(reason) in {f"{kind} finds no place" for kind, *_ in spans(tags)}
        return
    assert len(carried) == len(links) and carried == repaired(carried)
    assert sorted(kind for kind, *_ in spans(carried)) == sorted(kind for kind, *_ in spans(tags))
    assert all(links[start].any() and links[end - 1].any() for _, start, end in spans(carried))


@given(case=tagged())
def test_a_word_has_the_tag_of_a_word_it_is_linked_with_or_none(case):
    tags, links = case
    try:
        carried = carried_words(tags, links)
    except NotCarried:
        return
    assert len(carried) == len(links) and set(carried) != {NO_LABEL}
    for row, tag in zip(links, carried, strict=True):
        assert tag == NO_LABEL or tag in {tags[column] for column in row.nonzero()[0]}


def test_a_span_takes_the_words_between_its_linked_ones():
    links = linked((0, 0), (2, 1), (3, 2), shape=(4, 3))
    assert carried_spans(["B-ORG", "I-ORG", "O"], links) == ["B-ORG", "I-ORG", "I-ORG", "O"]


def test_a_far_word_that_one_of_its_words_is_also_linked_with_stays_outside():
    links = linked((0, 0), (1, 1), (7, 1), shape=(8, 3))
    assert carried_spans(["B-PER", "I-PER", "O"], links) == ["B-PER", "I-PER", *"OOOOOO"]


def test_of_two_places_that_are_linked_as_fully_the_stronger_one():
    links = np.array([[0.1, 0.0], [0.0, 0.0], [0.4, 0.0]])
    assert carried_spans(["B-PER", "O"], links) == ["O", "O", "B-PER"]


def test_a_place_is_taken_once():
    links = linked((0, 0), (0, 1), shape=(2, 2))
    with pytest.raises(NotCarried, match="^LOC finds no place$"):
        carried_spans(["B-PER", "B-LOC"], links)


def test_a_span_of_which_too_little_is_linked_finds_no_place():
    links = linked((0, 0), shape=(1, 5))
    with pytest.raises(NotCarried, match="^ORG finds no place$"):
        carried_spans(["B-ORG", *["I-ORG"] * 4], links)


def test_a_word_linked_with_words_of_two_tags_has_none():
    links = linked((0, 0), (0, 1), (1, 2), (1, 3), shape=(2, 4))
    assert carried_words(["NOUN", "VERB", "ADP", "ADP"], links) == [NO_LABEL, "ADP"]


def test_a_link_that_another_word_has_more_strongly_carries_no_tag():
    links = np.array([[0.5, 0.0], [0.6, 0.0], [0.0, 0.2]])
    assert carried_words(["NOUN", "VERB"], links) == [NO_LABEL, "NOUN", "VERB"]


def test_nothing_linked():
    assert carried_spans(["O", "O"], np.zeros((3, 2))) == ["O"] * 3
    with pytest.raises(NotCarried, match="no word is linked"):
        carried_words(["NOUN"], np.zeros((3, 1)))
