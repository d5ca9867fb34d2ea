"""Law 4: merged equals unmerged to 1e-5 where a kind merges; else asking is an error that says why."""

from __future__ import annotations

import pytest
import torch
from support.making import LABELS, NAMES, UNMERGED, batch, disturbed, facts, merges, task_module
from support.tiny import FAMILY_NAMES

from xling.composition.composed import Composition
from xling.composition.contents import grow, stacked
from xling.composition.grammar import parse
from xling.composition.merging import merge_node
from xling.errors import PlanError
from xling.modules.head import HeadConfig
from xling.modules.module import Module
from xling.tasks.registry import TASKS, task_named

EVERY = pytest.mark.parametrize("name", NAMES)
FAMILIES = pytest.mark.parametrize("family", FAMILY_NAMES)


@EVERY
@FAMILIES
@pytest.mark.parametrize("task", list(TASKS))
def test_law_4(bases, family, name, task, tmp_path):
    from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification

    base = bases[family]
    modules = [disturbed(base, name, std=0.2, seed=1), disturbed(base, name, std=0.2, seed=2)]
    node = stacked([*modules, task_module(base, task, 3)])
    if not merges(name):
        with pytest.raises(PlanError, match=UNMERGED):
            merge_node(base, node, LABELS)
        return
    head = task_named(task).head(LABELS, base)
    if not isinstance(head, HeadConfig):
        with pytest.raises(PlanError, match=f"cannot be merged: the {head.kind} part of {task} works on"):
            merge_node(base, node, LABELS)
        return
    before = {key: value.clone() for key, value in base.encoder.state_dict().items()}
    labels = LABELS[: head.outputs]
    merge_node(base, node, labels).save_pretrained(tmp_path)
    by_word = head.pooling == "none"
    opener = AutoModelForTokenClassification if by_word else AutoModelForSequenceClassification
    plain = opener.from_pretrained(tmp_path).eval()
    ids, mask = batch(base, rows=3, length=7, seed=4)
    with torch.no_grad():
        expected = Composition(base, node).scores(ids, mask)
        found = plain(input_ids=ids, attention_mask=mask).logits
    kept = mask.bool() if by_word else slice(None)
    assert (found[kept] - expected[kept]).abs().max() < 1e-5
    assert plain.config.id2label == dict(enumerate(labels))
    assert all(torch.equal(value, before[key]) for key, value in base.encoder.state_dict().items())


@FAMILIES
def test_means_merge_as_well(bases, family):
    base = bases[family]
    made = {"a": disturbed(base, "lora", std=0.2, seed=1), "b": disturbed(base, "lt-sft", std=0.2, seed=2)}
    made["t"] = task_module(base, "tagging", 3)
    node = grow(parse("mean(a, b; 2, 1) >> t"), lambda name: made[name.name])
    ids, mask = batch(base, rows=2, length=6, seed=4)
    with torch.no_grad():
        found = merge_node(base, node, LABELS)(input_ids=ids, attention_mask=mask).logits
        expected = Composition(base, node).scores(ids, mask)
    assert (found - expected)[mask.bool()].abs().max() < 1e-5


def test_a_head_on_the_mean_of_states_merges_only_where_the_family_has_one(bases):
    for family, base in bases.items():
        node = stacked([task_module(base, "classification", 1, pooling="mean")])
        if family != "modernbert":
            with pytest.raises(
                PlanError, match=rf"takes the mean of the states, and a plain {family} classifier"
            ):
                merge_node(base, node, LABELS)
            continue
        ids, mask = batch(base, rows=3, length=6, seed=4)
        with torch.no_grad():
            found = merge_node(base, node, LABELS)(input_ids=ids, attention_mask=mask).logits
            assert (found - Composition(base, node).scores(ids, mask)).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ("route(swh: lora-1, *: none) >> t", "it routes by language"),
        ("lora-1", "it has 0 heads, and a plain model has one"),
        ("mean(t, u)", "it has 2 heads"),
        ("odd", "its head is not in the shape of a plain bert classifier"),
    ],
)
def test_what_cannot_be_merged_says_why(bert, plan, words):
    made = {"lora-1": disturbed(bert, "lora", std=0.2, seed=1), "t": task_module(bert, "tagging", 1)}
    made |= {"u": task_module(bert, "tagging", 2)}
    odd = Module.fresh(
        [HeadConfig(outputs=3, dense="relu")], bert.shape, facts(bert, task="tagging", labels=LABELS)
    )
    node = grow(parse(plan), lambda name: {**made, "odd": odd}[name.name])
    with pytest.raises(PlanError, match=words):
        merge_node(bert, node, LABELS)
