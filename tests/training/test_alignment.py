"""Alignment: its distances by hand, and what it does to sentences and their translations."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.making import NEW, own_vocabulary
from support.tiny import TEXTS

from xling import align_language, make_lexicon
from xling.composition.composed import Composition
from xling.data.collation import BatchOrder
from xling.errors import InputError
from xling.makers.linked_words import linked_words
from xling.modules.head import mean_states
from xling.modules.module import Module
from xling.training.adversary import TokenStates
from xling.training.alignment import Alignment, Pairs, sentence_vectors
from xling.training.likeness import (
    apart,
    away,
    contrast,
    geometry,
    soft_contrast,
    span_means,
    token_distance,
)
from xling.training.specs import AlignmentTraining, TrainingSettings

SETTINGS = TrainingSettings(steps=30, learning_rate=0.02, batch_tokens=96)
WORDS = sorted({word for line in TEXTS for word in line.split()})
# the same sentences in letters that the base cannot read: a word for a word
PAIRS = [
    (" ".join(NEW[WORDS.index(word)].strip("▁") for word in line.split()), line)
    for line in dict.fromkeys(TEXTS)
]

# and in letters that it reads: every word stands for the next in the list
SPOKEN = [
    (" ".join(WORDS[WORDS.index(word) - 1] for word in line.split()), line) for line in dict.fromkeys(TEXTS)
]


def test_mean_states_leave_padding_out():
    states = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [50.0, 60.0]]])
    assert torch.equal(mean_states(states, torch.tensor([[1, 1, 0]])), torch.tensor([[2.0, 3.0]]))


def test_distances_of_sentences_by_hand():
    one = torch.tensor([[2.0, 0.0], [0.0, 3.0]])
    # every sentence is its own translation, at a right angle to the other: cosine 1, logits 20 and 0
    least = math.log1p(math.exp(-20))
    assert (apart(one, one) + contrast(one, one)).item() == pytest.approx(least, abs=1e-6)
    assert (apart(one, one.flip(0)) + contrast(one, one.flip(0))).item() == pytest.approx(1 + 20, abs=1e-4)
    # both fall on the first: their cosine is 1 where it should be 0, in two of the four places
    assert geometry(one[[0, 0]], one).item() == pytest.approx(0.5)
    assert away(one[None] * 1.5, one[None]).item() == pytest.approx(0.25)


@given(st.integers(2, 6), st.integers(0, 99))
def test_geometry_does_not_see_a_turn_and_soft_targets_are_met_by_the_translations_themselves(rows, seed):
    generator = torch.Generator().manual_seed(seed)
    wanted = torch.randn(rows, 8, generator=generator)
    turn = torch.linalg.qr(torch.randn(8, 8, generator=generator)).Q
    assert geometry(wanted @ turn, wanted).item() == pytest.approx(0, abs=1e-6)
    spread = wanted + 0.5 * torch.randn(rows, 8, generator=generator)
    assert soft_contrast(spread, wanted) >= soft_contrast(wanted, wanted) - 1e-6


def test_the_states_of_words_are_means_of_their_pieces():
    states = torch.arange(24.0).reshape(1, 2, 4, 3)
    found = span_means(states, [(0, (1, 3)), (1, (3, 4))])
    assert torch.equal(found, torch.stack([states[:, 0, 1:3].mean(1), states[:, 1, 3]], dim=1))


def test_words_are_linked_by_what_the_pairs_say(bert):
    pairs = [("paka mweupe", "white cat"), ("paka", "cat"), ("mbwa mweupe", "white dog"), ("mbwa", "dog")]
    own, source = (
        bert.tokenizer([pair[side] for pair in pairs], return_offsets_mapping=True)["offset_mapping"]
        for side in (0, 1)
    )
    links = linked_words(pairs, own, source)

    def texts(number, link):
        sides = zip(pairs[number], (own[number], source[number]), link, strict=True)
        return tuple(
            text[places[first][0] : places[end - 1][1]].strip() for text, places, (first, end) in sides
        )

    assert {texts(0, link) for link in links[0]} == {("paka", "cat"), ("mweupe", "white")}
    assert {texts(3, link) for link in links[3]} == {("mbwa", "dog")}
    # what was cut off has no pieces: only the first word is left
    cut = linked_words(pairs, [places[:2] for places in own], [places[:2] for places in source])
    assert {link for found in cut for link in found} <= {((1, 2), (1, 2))}


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


@pytest.mark.parametrize(
    "weights", [{}, {"tokens": 0.5}, {"contrast": 0.0, "soft_contrast": 1.0, "geometry": 1.0}]
)
def test_sentences_find_their_translations(bert, weights):
    own = own_vocabulary(bert, seed=1)
    vocabulary = Module(own.parts[:1], own.facts)
    module = align_language(
        bert,
        PAIRS,
        language="nqo",
        kind="bottleneck",
        settings=SETTINGS,
        **weights,
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


@pytest.mark.parametrize("name", ["contrast", "soft_contrast", "geometry", "layers", "words", "stay"])
def test_a_loss_counts_by_its_weight(bert, name):
    """The difference that a weight makes is that many times the loss, here from the states of single rows.

    A word of SPOKEN and its translation stand at the same place of both sentences.
    """
    module = own_vocabulary(bert, seed=1)
    exactly = SETTINGS.model_copy(update={"precision": "float32"})
    plan = Composition(bert, [Module(module.parts[1:], module.facts)])
    own, source = (bert.tokenizer(list(side))["input_ids"] for side in zip(*SPOKEN[:9], strict=True))
    links = [[((place, place + 1),) * 2 for place in range(1, len(row) - 1)] for row in own]

    def loss(weight):
        spec = AlignmentTraining(**{"training": exactly, "contrast": 0.0, name: weight})
        return Alignment(plan, Pairs(own, source, links), spec, seed=0, language="swh").loss(0)[0].item()

    found, wanted, moved = (
        [_states(of, row) for row in side]
        for of, side in ((plan, own), (Composition(bert), source), (plan, source))
    )
    chosen = BatchOrder(list(map(len, own)), max_tokens=96, seed=0).at(0)
    vectors, targets = (torch.stack([side[row][-1].mean(0) for row in chosen]) for side in (found, wanted))
    by_hand = {
        "contrast": lambda: contrast(vectors, targets),
        "soft_contrast": lambda: soft_contrast(vectors, targets),
        "geometry": lambda: geometry(vectors, targets),
        "layers": lambda: away(
            *(torch.stack([side[row].mean(1) for row in chosen], dim=1) for side in (found, wanted))
        ),
        "words": lambda: away(
            *(torch.cat([side[row][:, 1:-1] for row in chosen], dim=1) for side in (found, wanted))
        ),
        "stay": lambda: away(*(torch.cat([side[row] for row in chosen], dim=1) for side in (moved, wanted))),
    }
    assert loss(3.0) - loss(0.0) == pytest.approx(3 * by_hand[name]().item(), rel=1e-3)


def test_the_translations_stay_where_they_are(bert):
    def moved(stay):
        module = align_language(bert, SPOKEN, language="swh", settings=SETTINGS, stay=stay)
        plan = Composition(bert, [module])
        rows = bert.tokenizer([source for _, source in SPOKEN])["input_ids"]
        return sum(float(away(_states(plan, row), _states(Composition(bert), row))) for row in rows)

    assert moved(30.0) < 0.5 * moved(0.0)


def test_text_is_aligned_with_its_gloss(bert):
    entries = [
        (own.strip(), other)
        for one, two in PAIRS
        for own, other in zip(one.split(), two.split(), strict=True)
    ]
    words = make_lexicon(dictionary=entries, language="nqo")
    texts = [one for one, _ in PAIRS]
    found = align_language(bert, [], texts=texts, gloss=words, language="nqo", settings=SETTINGS)
    same = align_language(bert, PAIRS, language="nqo", settings=SETTINGS)
    assert found.scores == same.scores
    for name, value in found.tensors().items():
        assert torch.equal(value, same.tensors()[name])
    with pytest.raises(InputError, match="--gloss: text without translations is aligned with its gloss"):
        align_language(bert, [], texts=texts, language="nqo")
    with pytest.raises(InputError, match="--gloss: a bottleneck module is no lexicon"):
        align_language(bert, [], texts=texts, gloss=same, language="nqo")


def _states(plan, row):
    ids = torch.tensor([row])
    return plan.layers(ids, torch.ones_like(ids), ["swh"])[1:, 0].detach()
