"""Spans, windows and scores of tagging."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tiny import WORDS

from xling.data.examples import TaggedSentence
from xling.errors import InputError
from xling.tasks.tagging import Tagging

TAGS = st.lists(st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]), min_size=1, max_size=12)
TASK = Tagging()


def sentence(tags, tokens=None) -> TaggedSentence:
    return TaggedSentence(tuple(tokens or ["x"] * len(tags)), tuple(tags), "0", "swh")


@given(pairs=st.lists(st.tuples(TAGS, TAGS), min_size=1, max_size=6))
def test_the_summed_counts_give_what_seqeval_gives(pairs):
    pairs = [(gold, (found * 12)[: len(gold)]) for gold, found in pairs]
    examples = [sentence(gold) for gold, _ in pairs]
    rows = [{"tags": found} for _, found in pairs]
    ours = float(TASK.value(TASK.counts(examples, rows).sum(0)))
    assert ours == pytest.approx(TASK.score(examples, rows)["f1"], abs=1e-9)


def test_a_long_sentence_becomes_windows_of_whole_words(bert):
    tokens = [WORDS[number % len(WORDS)] for number in range(50)] + ["q" * 40]
    tags = ["B-PER" if number % 5 == 0 else "O" for number in range(len(tokens))]
    labels = TASK.labels([sentence(tags, tokens)])
    rows = TASK.rows([sentence(tags, tokens)], bert.tokenizer, labels, 16)
    assert len(rows) > 3
    assert all(len(row.ids) <= 16 for row in rows)
    assert sum(len(row.at) for row in rows) == len(tokens)
    assert [row.first for row in rows] == list(np.cumsum([0, *(len(row.at) for row in rows[:-1])]))
    assert [labels[target] for row in rows for target in row.targets] == tags
    firsts = [row.ids[at] for row in rows for at in row.at][:50]
    expected = [bert.tokenizer.convert_tokens_to_ids(f"▁{token}") for token in tokens[:50]]
    assert firsts == expected


def test_a_word_is_scored_at_its_first_piece_that_is_not_white_space(bert):
    """As XLM-R reads a Chinese word: the sign of a new word, then the word."""
    (row,) = TASK.rows([sentence(["O", "O"], ["qqq", "amina"])], bert.tokenizer, ("O",), 16)
    pieces = bert.tokenizer.convert_ids_to_tokens(list(row.ids))
    assert pieces[1:3] == ["▁", "q"]
    assert [pieces[place] for place in row.at] == ["q", "▁amina"]


def test_a_token_without_pieces_still_gets_a_tag(bert):
    rows = TASK.rows([sentence(["O", "O"], ["amina", "\u200b"])], bert.tokenizer, ("O",), 16)
    assert len(rows[0].at) == 2


def test_an_unknown_label_is_named(bert):
    with pytest.raises(InputError, match=r"label 'B-GPE' of example 0 is unknown.*choose from O, B-PER"):
        TASK.rows([sentence(["B-GPE"])], bert.tokenizer, ("O", "B-PER"), 16)
