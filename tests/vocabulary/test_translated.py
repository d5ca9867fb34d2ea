"""Pieces that start from what translates them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.drafting import NKO_WORDS, SPELLED, SPELLED_AS, asked, row
from support.tiny import TEXTS

from xling.errors import InputError
from xling.vocabulary.initialisers.translated import translated
from xling.words.translation_table import SplitText, translation_table

SENTENCES = st.lists(
    st.tuples(
        st.lists(st.integers(0, 5), max_size=6),
        st.lists(st.integers(0, 7), min_size=1, max_size=6),
    ),
    min_size=1,
    max_size=8,
)


def test_one_pass_by_hand():
    """Two pairs: own 0 and 1 with other 0 and 1; own 0 alone with other 0. Each also has the empty piece."""
    found = translation_table(SplitText([[0, 1], [0]], 2), SplitText([[0, 1], [0]], 2), passes=1).toarray()
    # own 0 explains 1/3 + 1/2 of other 0, and 1/3 of other 1; own 1 explains 1/3 of each
    assert np.allclose(found, [[5 / 7, 2 / 7], [1 / 2, 1 / 2]])


def test_more_passes_tell_the_words_apart():
    found = translation_table(
        SplitText([[0, 1], [0]] * 3, 2), SplitText([[0, 1], [0]] * 3, 2), passes=30
    ).toarray()
    assert found[0, 0] > 0.95 and found[1, 1] > 0.9


@given(pairs=SENTENCES)
def test_chances_of_what_stands_somewhere_sum_to_one(pairs):
    own, other = ([pair[side] for pair in pairs] for side in (0, 1))
    found = translation_table(SplitText(own, 6), SplitText(other, 8)).toarray()
    there = sorted({piece for line in own for piece in line})
    assert np.allclose(found[there].sum(axis=1), 1)
    assert not np.delete(found, there, axis=0).any()
    assert (found >= 0).all()


def test_a_word_starts_from_its_translation(bert):
    """Every word of the other script always stands where one word of the base's language stands."""
    new = [f"▁{word}" for word in NKO_WORDS[:12]]
    found = translated(asked(bert, new, pairs=list(zip(SPELLED, TEXTS, strict=True)) * 2))
    assert set(found.reasons) == {"translations"}
    near = 0
    for place, piece in enumerate(new):
        wanted = row(bert, f"▁{SPELLED_AS[piece.removeprefix('▁')]}")
        cosines = torch.nn.functional.cosine_similarity(found.vectors[place], bert.embeddings.detach())
        near += bool(torch.allclose(bert.embeddings[cosines.argmax()], wanted))
    assert near >= 10


def test_pieces_in_no_pair_are_copied_or_drawn(bert):
    found = translated(asked(bert, ["▁amina", "▁ߊߊߊ"], pairs=[(SPELLED[0], TEXTS[0])]))
    assert found.reasons == ("copied", "random")
    assert torch.equal(found.vectors[0], row(bert, "▁amina"))


def test_without_pairs_it_says_what_to_give(bert):
    with pytest.raises(InputError, match=r"^--parallel: the initialiser translated needs"):
        translated(asked(bert, ["▁amina"]))
