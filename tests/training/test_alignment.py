"""Alignment: its distances by hand, and what it does to sentences and their translations."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.making import NEW, own_vocabulary
from support.tiny import TEXTS

from xling import align_language
from xling.composition.composed import Composition
from xling.errors import InputError
from xling.modules.head import mean_states
from xling.modules.module import Module
from xling.training.alignment import TokenStates, sentence_distance, sentence_vectors, token_distance
from xling.training.specs import TrainingSettings

SETTINGS = TrainingSettings(steps=30, learning_rate=0.02, batch_tokens=96)
WORDS = sorted({word for line in TEXTS for word in line.split()})
# the same sentences in letters that the base cannot read: a word for a word
PAIRS = [
    (" ".join(NEW[WORDS.index(word)].strip("▁") for word in line.split()), line)
    for line in dict.fromkeys(TEXTS)
]


def test_mean_states_leave_padding_out():
    states = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [50.0, 60.0]]])
    assert torch.equal(mean_states(states, torch.tensor([[1, 1, 0]])), torch.tensor([[2.0, 3.0]]))


def test_sentence_distance_by_hand():
    one = torch.tensor([[2.0, 0.0], [0.0, 3.0]])
    # every sentence is its own translation, at a right angle to the other: cosine 1, logits 20 and 0
    assert sentence_distance(one, one).item() == pytest.approx(math.log1p(math.exp(-20)), abs=1e-6)
    assert sentence_distance(one, one.flip(0)).item() == pytest.approx(1 + 20, abs=1e-4)


def test_token_distance_counts_mutual_nearest_ones():
    source = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    states = torch.tensor([[[1.0, 0.0], [1.0, 1.0], [9.0, 9.0]]])
    mask, source_mask = torch.tensor([[1, 1, 0]]), torch.tensor([[1, 1]])
    # the first find each other (cosine 1); the second lies between both, and may be the other's nearest
    found = token_distance(TokenStates(states, mask), TokenStates(source, source_mask)).item()
    assert min(abs(found), abs(found - (1 - (1 + 0.5**0.5) / 2))) < 1e-6


@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 99))
def test_token_distance_to_oneself_is_zero(rows, length, seed):
    states = torch.randn(rows, length, 8, generator=torch.Generator().manual_seed(seed))
    mask = torch.ones(rows, length, dtype=torch.long)
    mask[:, length // 2 + 1 :] = 0
    assert token_distance(TokenStates(states, mask), TokenStates(states, mask)).item() == pytest.approx(
        0, abs=1e-5
    )


@pytest.mark.parametrize("tokens", [0.0, 0.5])
def test_sentences_find_their_translations(bert, tokens):
    own = own_vocabulary(bert, seed=1)
    vocabulary = Module(own.parts[:1], own.facts)
    module = align_language(
        bert,
        PAIRS,
        language="nqo",
        kind="bottleneck",
        settings=SETTINGS,
        tokens=tokens,
        vocabulary=vocabulary,
    )
    assert module.scores["retrieved_after"] > module.scores["retrieved_before"] + 10
    assert module.scores["held_out_pairs"] + module.scores["train_pairs"] == len(PAIRS)
    assert [part.config.kind for part in module.parts] == ["vocabulary", "bottleneck"]
    assert torch.equal(vocabulary.networks[0].rows, own.networks[0].rows)
    assert not torch.equal(module.networks[0].rows, own.networks[0].rows)


def test_it_goes_on_from_a_module_that_mlm_made(bert):
    first = own_vocabulary(bert, seed=1)
    module = align_language(bert, PAIRS, language="nqo", settings=SETTINGS, init=first)
    assert [part.config for part in module.parts] == [part.config for part in first.parts]


def test_the_teacher_is_the_base_as_it_is(bert):
    rows = [bert.tokenizer(line)["input_ids"] for line in TEXTS[:7]]
    found = sentence_vectors(Composition(bert), rows)
    for row, vector in zip(rows, found, strict=True):
        states = Composition(bert)(torch.tensor([row]), torch.ones(1, len(row), dtype=torch.long))
        assert (states.mean(1)[0] - vector).abs().max() < 1e-5


def test_one_pair_cannot_be_aligned(bert):
    with pytest.raises(InputError, match="1 pairs cannot be aligned"):
        align_language(bert, PAIRS[:1], language="nqo")
