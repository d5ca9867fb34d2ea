"""The laws for modules that bring a vocabulary of their own."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.making import NEW, batch, disturbed, facts, own_vocabulary
from support.tiny import FAMILY_NAMES

from xling.bases.base import run_encoder
from xling.composition.composed import Composition
from xling.composition.contents import grow, stacked
from xling.composition.grammar import parse
from xling.composition.merging import merge_node
from xling.errors import MismatchError, PlanError
from xling.modules.head import HeadConfig
from xling.modules.module import Module

FAMILIES = pytest.mark.parametrize("family", FAMILY_NAMES)
LABELS = ("O", "B-PER", "I-PER")


def shelf(base):
    found = {"nqo": own_vocabulary(base, seed=1), "taq": own_vocabulary(base, seed=2)}
    found |= {
        "madx": disturbed(base, "madx", std=0.2, seed=3),
        "lora": disturbed(base, "lora", std=0.2, seed=4),
    }
    head = [HeadConfig(outputs=3)]
    if base.family.token_head.norm:
        head = [HeadConfig(outputs=3, dense=base.family.token_head.nonlinearity, norm=True)]
    task = Module.fresh(head, base.shape, facts(base, task="tagging", labels=LABELS))
    found["ner"] = task
    return lambda name: found[name.name]


def on(base, plan, find):
    return Composition(base, grow(parse(plan), find))


def scores(composition, ids, mask, languages=()):
    with torch.no_grad():
        return composition.scores(ids, mask, languages)


@FAMILIES
def test_law_1_the_base_stays_and_rows_are_read_with_their_own_pieces(bases, family):
    base = bases[family]
    ids, mask = batch(base, rows=2, length=6, seed=1)
    before = {key: value.clone() for key, value in base.encoder.state_dict().items()}
    composition = on(base, "nqo >> ner", shelf(base))
    scores(composition, ids, mask)
    assert all(torch.equal(value, before[key]) for key, value in base.encoder.state_dict().items())
    assert composition.tokenizer()(NEW[7].strip("▁"))["input_ids"][1] == 5 + 7
    assert composition.tokenizer().mask_token == "<mask>" and base.tokenizer.mask_token_id != 4
    composition.activate(grow(parse("none"), shelf(base)))
    with torch.no_grad():
        assert torch.equal(composition(ids, mask), run_encoder(base.encoder, base.family, ids, mask))


@FAMILIES
@pytest.mark.parametrize("rank", [None, 4])
def test_law_2_saved_and_loaded(bases, family, rank, tmp_path):
    base = bases[family]
    module = own_vocabulary(base, seed=1, rank=rank)
    module.save(tmp_path / "one")
    loaded = Module.load(tmp_path / "one")
    assert loaded.tensors().keys() == module.tensors().keys()
    assert all(torch.equal(value, loaded.tensors()[name]) for name, value in module.tensors().items())
    ids, mask = batch(base, rows=2, length=6, seed=1)
    with torch.no_grad():
        assert torch.equal(Composition(base, [loaded])(ids, mask), Composition(base, [module])(ids, mask))


@FAMILIES
def test_law_4_merged_into_a_plain_model_with_its_own_table(bases, family, tmp_path):
    from transformers import AutoModelForTokenClassification

    base, find = bases[family], shelf(bases[family])
    own = own_vocabulary(base, seed=1)
    own = Module(own.parts[:1], own.facts)
    node = stacked([own, disturbed(base, "lora", std=0.2, seed=1), find(parse("ner"))])
    merge_node(base, node, LABELS).save_pretrained(tmp_path)
    plain = AutoModelForTokenClassification.from_pretrained(tmp_path).eval()
    ids, mask = batch(base, rows=3, length=7, seed=4)
    with torch.no_grad():
        found = plain(input_ids=ids, attention_mask=mask).logits
    assert (found - scores(Composition(base, node), ids, mask))[mask.bool()].abs().max() < 1e-5
    assert plain.config.vocab_size == 5 + len(NEW)


@FAMILIES
@settings(max_examples=4)
@given(seed=st.integers(0, 99))
def test_law_6_rows_of_several_vocabularies_in_one_batch(bases, family, seed):
    base, find = bases[family], shelf(bases[family])
    ids, mask = batch(base, rows=5, length=7, seed=seed)
    plans = {"nqo": "nqo >> ner", "taq_Tfng": "taq >> lora >> ner", "swh": "madx >> ner", "eng": "ner"}
    routed = on(base, "route(nqo: nqo, taq_Tfng: taq >> lora, swh: madx, *: none) >> ner", find)
    languages = ["nqo", "eng", "taq_Tfng", "swh", "nqo"]
    together = scores(routed, ids, mask, languages)
    for row, language in enumerate(languages):
        alone = scores(on(base, plans[language], find), ids[row : row + 1], mask[row : row + 1])
        kept = mask[row].bool()
        assert (together[row][kept] - alone[0][kept]).abs().max() < 1e-5
    assert routed.tokenizer("nqo") is routed.tokenizer("nqo") is not base.tokenizer
    assert routed.tokenizer("swh") is base.tokenizer


def test_two_vocabularies_on_one_row_are_refused(bert):
    find = shelf(bert)
    with pytest.raises(PlanError, match="each bring a vocabulary"):
        on(bert, "nqo >> taq >> ner", find).tokenizer()
    with pytest.raises(PlanError, match="each bring a vocabulary"):
        on(bert, "mean(nqo, taq) >> ner", find).tokenizer()
    assert on(bert, "mean(nqo, none) >> ner", find).tokenizer() is not bert.tokenizer


def test_a_vocabulary_of_another_base_is_refused(bases):
    with pytest.raises(MismatchError, match="was made for base"):
        Composition(bases["roberta"], [own_vocabulary(bases["bert"], seed=1)])


def test_full_rank_reproduces_the_vectors(bert):
    whole, factorised = own_vocabulary(bert, seed=1), own_vocabulary(bert, seed=1, rank=bert.shape.hidden)
    pieces = torch.arange(5 + len(NEW))
    expected = whole.networks[0].vectors(pieces, bert.embeddings)
    assert (factorised.networks[0].vectors(pieces, bert.embeddings) - expected).abs().max() < 1e-5
