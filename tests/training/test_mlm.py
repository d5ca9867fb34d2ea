"""Masked language modelling: what is masked, what is scored, and pseudo-perplexity piece by piece."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from support.making import disturbed, fresh, own_vocabulary
from support.tiny import TEXTS

from xling.api.languages import train_language
from xling.bases.batches import pad_rows
from xling.bases.mlm_head import Candidates, OwnPieces, narrowed
from xling.composition.composed import Composition
from xling.errors import InputError
from xling.makers.mlm_head import mlm_head
from xling.modules.vocabulary import Vocabulary, VocabularyConfig
from xling.training.mlm import (
    MaskedLanguageModelling,
    corpus_pieces,
    decoding,
    encode_lines,
    mask_pieces,
)
from xling.training.pseudo_perplexity import pseudo_perplexity
from xling.training.specs import LanguageTraining, TrainingSettings
from xling.training.staying import Stay, moved


def masks(ids, maskable, seed=0, probability=0.15):
    return mask_pieces(
        ids,
        maskable,
        torch.arange(100, 110),
        mask_id=99,
        probability=probability,
        generator=np.random.default_rng(seed),
    )


def test_shares_of_masked_replaced_and_kept_pieces():
    ids = torch.full((400, 500), 7)
    maskable = torch.ones_like(ids, dtype=torch.bool)
    maskable[:, 0] = False
    masked, targets = masks(ids, maskable)
    count = targets.sum().item()
    assert count / maskable.sum().item() == pytest.approx(0.15, abs=0.005)
    assert (masked[targets] == 99).sum().item() / count == pytest.approx(0.8, abs=0.01)
    assert (masked[targets] >= 100).sum().item() / count == pytest.approx(0.1, abs=0.01)
    assert (masked[targets] == 7).sum().item() / count == pytest.approx(0.1, abs=0.01)
    assert torch.equal(masked[~targets], ids[~targets])
    assert not targets[:, 0].any()
    assert set(masked[masked >= 100].unique().tolist()) == set(range(100, 110))


def test_one_piece_is_a_target_whenever_one_can_be():
    ids = torch.tensor([[0, 5, 2]])
    for seed in range(20):
        _, targets = masks(ids, torch.tensor([[False, True, False]]), seed, probability=0.01)
        assert targets.tolist() == [[False, True, False]]


def test_masks_are_a_function_of_seed_and_pass(bert):
    rows = encode_lines(bert.tokenizer, TEXTS, 32)
    settings = LanguageTraining(training=TrainingSettings(steps=1, batch_tokens=64))

    def losses(seed):
        composition = Composition(bert, [disturbed(bert, "madx", std=0.1, seed=1)])
        objective = MaskedLanguageModelling(composition, bert.mlm_head, rows, settings, seed=seed)
        composition.train(False)
        return [objective.loss(number)[0].item() for number in (0, 1, 0)]

    first, again = losses(1), losses(1)
    assert first == again and first[0] == first[2] != first[1]
    assert losses(2) != first


def test_a_long_line_becomes_several_rows_without_loss(bert):
    line = " ".join(TEXTS[:6])
    rows = encode_lines(bert.tokenizer, [line], 12)
    assert len(rows) > 1 and max(map(len, rows)) == 12
    assert [piece for row in rows for piece in row[1:-1]] == bert.tokenizer(line, add_special_tokens=False)[
        "input_ids"
    ]
    assert {row[0] for row in rows} == {bert.tokenizer.cls_token_id}


def test_candidates_with_all_others_are_the_whole_head(bert):
    rows = encode_lines(bert.tokenizer, TEXTS[:5], 32)
    pieces = corpus_pieces(rows, bert.tokenizer)
    states = torch.randn(6, bert.shape.hidden)
    wanted = pieces[-6:]
    whole = bert.mlm_head.loss(states, wanted)
    all_of_them = Candidates(len(bert.embeddings), pieces, others=10_000, generator=torch.Generator())
    assert narrowed(bert.mlm_head, all_of_them).loss(
        states, all_of_them.index[wanted]
    ).item() == pytest.approx(whole.item(), abs=1e-5)
    few = Candidates(len(bert.embeddings), pieces, others=4, generator=torch.Generator())
    rest = len(bert.embeddings) - len(pieces)
    assert len(few.columns) == len(pieces) + 4
    assert few.shift.tolist() == pytest.approx([0.0] * len(pieces) + [math.log(rest / 4)] * 4)


def test_a_vocabulary_of_the_bases_own_pieces_scores_as_the_base_does(base):
    count = len(base.tokenizer)
    config = VocabularyConfig(pieces=count, kept=count, method="trim")
    same = Vocabulary(
        config,
        base.tokenizer.backend_tokenizer.to_str(),
        kept=torch.arange(count),
        rows=torch.zeros(0, base.shape.hidden),
        bias=torch.zeros(0),
    )
    states, wanted = torch.randn(5, base.shape.hidden), torch.tensor([4, 9, 12, 4, 20])
    found = OwnPieces(base.mlm_head, same, count)
    fixed = found.fixed()
    assert torch.equal(fixed(states), found(states))
    assert fixed.loss(states, wanted).item() == pytest.approx(found.loss(states, wanted).item(), abs=1e-5)
    assert (found(states) - base.mlm_head(states)[:, :count]).abs().max() < 1e-5
    assert found.loss(states, wanted).item() == pytest.approx(
        torch.nn.functional.cross_entropy(base.mlm_head(states)[:, :count], wanted).item(), abs=1e-5
    )


def test_new_vectors_and_biases_learn(bert):
    module = own_vocabulary(bert, seed=1)
    composition = Composition(bert, [module])
    for network in module.networks:
        network.requires_grad_(True)
    rows = encode_lines(composition.tokenizer(), ["ߊߓ ߋߔ ߌߕ", "ߍߖ ߎߗ"], 16)
    assert not any(composition.tokenizer().unk_token_id in row for row in rows)
    objective = MaskedLanguageModelling(
        composition,
        bert.mlm_head,
        rows,
        LanguageTraining(training=TrainingSettings(steps=1, batch_tokens=64)),
        seed=0,
    )
    loss, tokens = objective.loss(0)
    loss.backward()
    vocabulary = module.networks[0]
    assert vocabulary.rows.grad.abs().sum() > 0 and vocabulary.bias.grad.abs().sum() > 0
    assert tokens == sum(map(len, rows))


@pytest.mark.parametrize("own", [False, True])
def test_pseudo_perplexity_is_each_piece_masked_alone(bert, own, processor, monkeypatch):
    monkeypatch.setattr("xling.training.pseudo_perplexity._BATCH_TOKENS", 20)
    composition = Composition(bert, [own_vocabulary(bert, seed=1)] if own else [])
    tokenizer = composition.tokenizer()
    lines = ["ߊߓ ߋߔ ߌߕ", "ߍߖ ߎߗ"] if own else TEXTS[:3]
    rows = encode_lines(tokenizer, lines, 32)
    special, total, count = set(tokenizer.all_special_ids), 0.0, 0
    decoder = decoding(bert.mlm_head, composition)
    for row in rows:
        for at, piece in enumerate(row):
            if piece in special:
                continue
            ids = torch.tensor([row])
            ids[0, at] = tokenizer.mask_token_id
            with torch.no_grad():
                logits = decoder(composition(ids, torch.ones_like(ids))[0, at : at + 1], composition.undo)
            total -= torch.log_softmax(logits, -1)[0, piece].item()
            count += 1
    found = pseudo_perplexity(composition, bert.mlm_head, rows, characters=sum(map(len, lines)))
    assert (found.pieces, found.unknown) == (count, 0)
    assert found.value == pytest.approx(math.exp(total / count), rel=1e-4)
    assert found.bits_per_character == pytest.approx(total / math.log(2) / sum(map(len, lines)), rel=1e-4)


@pytest.mark.parametrize("rows", [[], [[0, 2]], [[0, 3, 3, 2], [0, 3, 2]]], ids=["none", "empty", "unknown"])
def test_pseudo_perplexity_of_nothing_is_none(bert, rows):
    found = pseudo_perplexity(Composition(bert), bert.mlm_head, rows, characters=9)
    assert (found.value, found.bits_per_character) == (None, None)
    assert found.scores("after") == {"pseudo_perplexity_after": None, "bits_per_character_after": None}


def test_unknown_pieces_count_as_what_they_are(bert):
    known = pseudo_perplexity(Composition(bert), bert.mlm_head, [[0, 5, 6, 2]], characters=9)
    mixed = pseudo_perplexity(Composition(bert), bert.mlm_head, [[0, 5, 3, 6, 2]], characters=9)
    assert (known.pieces, known.unknown) == (2, 0)
    assert (mixed.pieces, mixed.unknown) == (3, 1)


def test_rows_of_unknown_pieces_are_left_out_of_training(bert):
    rows = [[0, 5, 6, 2], [0, 3, 3, 2], [0, 2]]
    settings = LanguageTraining(training=TrainingSettings(steps=1, batch_tokens=8))
    objective = MaskedLanguageModelling(Composition(bert), bert.mlm_head, rows, settings, seed=0)
    assert objective.rows == [[0, 5, 6, 2]]
    assert all(torch.isfinite(objective.loss(number)[0]) for number in range(6))


def test_a_text_of_which_nothing_can_be_read_is_refused(bert):
    settings = LanguageTraining(training=TrainingSettings(steps=1))
    with pytest.raises(InputError, match=r"--text: the base reads none of this text \(2 lines .*diagnose"):
        MaskedLanguageModelling(Composition(bert), bert.mlm_head, [[0, 3, 2], [0, 2]], settings, seed=0)


@pytest.mark.parametrize("share", [0.05, 0.4])
def test_the_share_of_masked_pieces_is_a_setting(bert, share, monkeypatch):
    rows = encode_lines(bert.tokenizer, TEXTS, 32)
    spec = LanguageTraining(training=TrainingSettings(steps=1, batch_tokens=4096), masked=share)
    objective = MaskedLanguageModelling(Composition(bert), bert.mlm_head, rows, spec, seed=0)
    monkeypatch.setattr(objective, "masked_loss", lambda masked, mask, targets, wanted: targets.sum())
    masked, read = objective.loss(0)
    assert int(masked) / (read - 2 * len(rows)) == pytest.approx(share, abs=0.04)


def staying(base, module, weight):
    settings = TrainingSettings(steps=30, learning_rate=0.02, batch_tokens=64)
    spec = LanguageTraining(kind="bottleneck", stay=weight, training=settings)
    rows = encode_lines(base.tokenizer, TEXTS, 32)
    composition = Composition(base, [module])
    return MaskedLanguageModelling(composition, mlm_head(base), rows, spec, seed=3)


def test_staying_costs_nothing_where_nothing_moves(base):
    for module, costs in (
        (disturbed(base, "bottleneck", std=0.3, seed=1), True),
        (fresh(base, "madx"), False),
    ):
        free, kept = (float(staying(base, module, weight).loss(0)[0].detach()) for weight in (0.0, 2.0))
        assert kept > free + 1e-4 if costs else kept == pytest.approx(free, abs=1e-6)


def test_how_far_states_moved_is_relative_to_their_length_and_counts_kept_positions_alone():
    wanted = torch.tensor([[[[3.0, 4.0], [1.0, 0.0]]], [[[0.0, 2.0], [1.0, 0.0]]]])
    found = wanted.clone()
    found[0, 0, 0, 0] += 1.0
    found[:, 0, 1] += 7.0
    assert float(moved(found, wanted, torch.tensor([[True, False]]))) == pytest.approx(0.5 / 25)
    assert float(moved(found, wanted, torch.tensor([[False, False]]))) == 0.0


def test_a_module_that_stays_is_nearer_to_the_base_after_its_training(bert):
    far = []
    for weight in (0.0, 5.0):
        trained = train_language(
            bert, TEXTS * 4, language="swh", kind="bottleneck", stay=weight,
            settings=TrainingSettings(steps=30, learning_rate=0.02, batch_tokens=64),
        )  # fmt: skip
        ids, mask = pad_rows(encode_lines(bert.tokenizer, TEXTS, 32), bert.tokenizer.pad_token_id)
        composition = Composition(bert, [trained])
        with torch.no_grad():
            far.append(float(Stay(composition).loss(composition.layers(ids, mask), ids, mask, mask)))
    assert far[1] < far[0] / 2


def test_nothing_stays_near_a_base_that_cannot_read_the_pieces(bert):
    with pytest.raises(InputError, match="cannot read the pieces of a vocabulary"):
        staying(bert, own_vocabulary(bert, seed=1), 1.0)
