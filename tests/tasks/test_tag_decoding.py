"""The tags of a sentence are chosen together: against all valid sequences, and against word by word."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from xling.data.bio import repaired, spans
from xling.tasks.tag_decoding import best_tags

LABELS = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
SCORES = st.integers(0, 4).flatmap(
    lambda words: arrays.arrays(float, (words, 5), elements=st.floats(-9, 9, width=32))
)


def worth(scores: np.ndarray, tags: tuple[str, ...]) -> float:
    """The sum of the scores of tags, less one for each span that touches one of its type before it."""
    found = spans(tags)
    touching = sum(one[0] == two[0] and one[2] == two[1] for one, two in zip(found, found[1:], strict=False))
    return sum(float(row[LABELS.index(tag)]) for row, tag in zip(scores, tags, strict=True)) - touching


@given(scores=SCORES)
def test_no_valid_tags_of_the_sentence_are_worth_more(scores):
    found = best_tags(scores, LABELS)
    assert found == repaired(found)
    valid = [tags for tags in product(LABELS, repeat=len(scores)) if list(tags) == repaired(tags)]
    best = max(worth(scores, tags) for tags in valid)
    assert worth(scores, tuple(found)) == pytest.approx(best, abs=1e-9)


@given(scores=SCORES, moved=st.floats(-5, 5))
def test_what_all_labels_of_a_word_have_in_common_does_not_matter(scores, moved):
    chosen = best_tags(scores, LABELS)
    assert worth(scores, tuple(best_tags(scores + moved, LABELS))) == pytest.approx(
        worth(scores, tuple(chosen)), abs=1e-6
    )


def test_a_name_is_not_broken_by_one_word():
    """Word by word B-PER I-LOC would be two spans."""
    scores = np.log([[0.02, 0.03, 0.0001, 0.9, 0.05], [0.02, 0.03, 0.5, 0.05, 0.4]])
    assert best_tags(scores, LABELS) == ["B-PER", "I-PER"]


@pytest.mark.parametrize(("second", "tags"), [(0.7, ["B-PER", "B-PER"]), (0.6, ["B-PER", "I-PER"])])
def test_spans_of_one_type_touch_where_the_scores_are_sure(second, tags):
    scores = np.log([[0.01, 0.01, 0.01, 0.96, 0.01], [0.01, 0.01, 0.01, second, 0.24]])
    assert best_tags(scores, LABELS) == tags
