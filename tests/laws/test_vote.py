"""The laws of `vote`: what plans say of labels is averaged unit by unit, whatever pieces they read."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.making import batch, disturbed, own_vocabulary, task_module
from support.tiny import FAMILY_NAMES, WORDS
from support.writing import conll

import xling
from xling.bases.base import run_encoder
from xling.composition.composed import Composition
from xling.composition.contents import named
from xling.composition.grammar import parse
from xling.errors import PlanError
from xling.modules.module import Module
from xling.store.store import Store
from xling.tasks.inference import Computing, predict
from xling.tasks.registry import TASKS, task_named
from xling.tasks.task import ScoresUnits, by_example

LABELS_OF = {
    "classification": ("a", "b", "c"),
    "multi-label": ("a", "b", "c"),
    "tagging": ("B-X", "I-X", "O"),
    "pos": ("NOUN", "VERB", "X"),
    "intent-slots": ("B-X", "I-X", "O", "intent:a", "intent:b"),
    "multiple-choice": ("right",),
}
TEXTS = [" ".join(WORDS[start : start + 4]) for start in range(4)]
CHOICES = [{"context": text, "question": "leo", "choices": [WORDS[0], WORDS[5], text]} for text in TEXTS]
SENTENCES = [text.split() * (1 + 19 * number) for number, text in enumerate(TEXTS)]  # of several windows too
ITEMS = {
    "classification": [*TEXTS[:3], (TEXTS[0], TEXTS[3])],
    "multi-label": TEXTS,
    "multiple-choice": CHOICES,
    **dict.fromkeys(("tagging", "pos", "intent-slots"), SENTENCES),
}
EVERY = pytest.mark.parametrize("task", LABELS_OF)
FAMILIES = pytest.mark.parametrize("family", FAMILY_NAMES)
# what is combined are a task's scores: every task on one family, one task on the others
EACH = pytest.mark.parametrize(
    ("family", "task"),
    [("bert", task) for task in LABELS_OF] + [(family, "tagging") for family in FAMILY_NAMES[1:]],
)


def shelf(base, task: str) -> dict[str, Module]:
    """Two task modules, and language modules of which one brings a vocabulary, so other pieces."""
    return dict(made(base, task))


@cache
def made(base, task: str) -> dict[str, Module]:
    labels = LABELS_OF[task]
    heads = {f"task/{n}": task_module(base, task, n, labels) for n in (1, 2)}
    tongues = {"lang/swh": "madx", "lang/yor": "lora"}
    below = {name: disturbed(base, kind, std=0.3, seed=5) for name, kind in tongues.items()}
    return {**heads, **below, "lang/nqo": own_vocabulary(base, seed=3)}


P, Q, R = "lang/swh >> task/1", "lang/nqo >> task/2", "lang/yor >> task/2"


def on(base, task: str, plan: str) -> xling.ComposedModel:
    return xling.compose(base, plan, modules=shelf(base, task))


def chances(model, task: str, languages=("swh",) * 4) -> list[torch.Tensor]:
    """The probabilities [units, labels] that reach the task's decoding."""

    def decode(self, examples, rows, scores, labels):
        found = by_example(rows, scores, len(examples))
        return [{"chances": self.link.logs(torch.cat(own).double(), labels).exp()} for own in found]

    work = type("Bare", (type(task_named(task)),), {"decode": decode})()
    examples = [
        work.example(item, str(number), language)
        for number, (item, language) in enumerate(zip(ITEMS[task], languages, strict=True))
    ]
    return [row["chances"] for row in predict(work, examples, model.composition, model.labels)]


def near(one, other) -> bool:
    return all(torch.allclose(a, b, atol=1e-6) for a, b in zip(one, other, strict=True))


@EACH
def test_a_vote_of_a_plan_with_itself_is_the_plan(bases, family, task):
    base = bases[family]
    for plan in (P, Q):
        single = on(base, task, plan)
        for vote in (f"vote({plan})", f"vote({plan}, {plan})", f"vote({plan}, vote({plan}, {plan}); 2, 7)"):
            model = on(base, task, vote)
            assert near(chances(model, task), chances(single, task))
            rows, alone = (one.predict(ITEMS[task], language="swh") for one in (model, single))
            for row, own in zip(rows, alone, strict=True):
                for key in ("scores", "intent_scores"):
                    assert row.pop(key, 0) == pytest.approx(own.pop(key, 0), abs=2e-6)
                assert row == own


@EACH
@settings(max_examples=2, deadline=None)
@given(shares=st.tuples(*[st.floats(0.1, 9.0)] * 3))
def test_probabilities_are_averaged_by_weight_in_any_order(bases, family, task, shares):
    base = bases[family]
    p, q, r = (chances(on(base, task, plan), task) for plan in (P, Q, R))
    assert not near(p, q) and not near(q, r)
    one, two, three = shares
    expected = [(one * a + two * b + three * c) / sum(shares) for a, b, c in zip(p, q, r, strict=True)]
    for plan in (
        f"vote({P}, {Q}, {R}; {one}, {two}, {three})",
        f"vote({R}, {P}, {Q}; {three}, {one}, {two})",
        f"vote(vote({P}, {Q}; {one}, {two}), {R}; {one + two}, {three})",
    ):
        assert near(chances(on(base, task, plan), task), expected)
    even = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    assert near(chances(on(base, task, f"vote({P}, {Q})"), task), even)


@EACH
def test_a_mixed_batch_equals_its_rows_alone(bases, family, task):
    base = bases[family]
    branches = {"swh": f"vote({P}, {Q}; 3, 1)", "yor": R, "*": f"vote(vote({P}, {R}), none >> task/1)"}
    routed = on(base, task, f"route({', '.join(f'{key}: {plan}' for key, plan in branches.items())})")
    languages = ["yor", "hau", "swh", "yor"]
    mixed = chances(routed, task, languages)
    for number, language in enumerate(languages):
        alone = on(base, task, branches.get(language, branches["*"]))
        assert near([mixed[number]], [chances(alone, task)[number]])
    within = on(base, task, f"vote(route(swh: {P}, *: {R}), {Q})")
    assert near(chances(within, task), chances(on(base, task, f"vote({P}, {Q})"), task))
    assert near(chances(within, task, ["hau"] * 4), chances(on(base, task, f"vote({R}, {Q})"), task))


@EVERY
def test_labels_in_another_order_are_matched_by_name(bert, task):
    """The same head with its outputs in another order says the same."""
    modules, labels = shelf(bert, task), LABELS_OF[task]
    order = [2, 1, 0, 4, 3][: len(labels)] if len(labels) > 1 else [0]
    turned = task_module(bert, task, 1, labels).with_facts(labels=tuple(labels[n] for n in order))
    last = turned.networks[0].scores
    with torch.no_grad():
        last.weight.copy_(last.weight[order].clone())
        last.bias.copy_(last.bias[order].clone())
    modules["task/turned"] = turned
    turned_plan = P.replace("task/1", "task/turned")
    for plan in (f"vote({P}, {turned_plan})", f"route(hau: vote({P}), *: {turned_plan})"):
        model = xling.compose(bert, plan, modules=modules)
        assert model.labels == labels
        assert near(chances(model, task), chances(on(bert, task, P), task))


@FAMILIES
def test_the_base_stays_bit_identical(bases, family):
    base = bases[family]
    ids, mask = batch(base, rows=2, length=6, seed=1)
    before = {key: value.clone() for key, value in base.encoder.state_dict().items()}
    with torch.no_grad():
        expected = run_encoder(base.encoder, base.family, ids, mask)
        on(base, "pos", f"vote({P}, {Q}, {R})").predict(ITEMS["pos"], language="swh")
        assert torch.equal(run_encoder(base.encoder, base.family, ids, mask), expected)
    assert all(torch.equal(value, before[key]) for key, value in base.encoder.state_dict().items())
    assert not any(module._forward_hooks for module in base.encoder.modules())


def test_what_is_written_are_the_voted_probabilities(bert):
    rows, p, q = (
        on(bert, "classification", plan).predict(TEXTS, language="swh") for plan in (f"vote({P}, {Q})", P, Q)
    )
    for row, one, other in zip(rows, p, q, strict=True):
        mean = {label: (one["scores"][label] + other["scores"][label]) / 2 for label in "abc"}
        assert row["scores"] == pytest.approx(mean, abs=2e-6)
        assert row["label"] == max(mean, key=mean.__getitem__)


def test_progress_counts_the_rows_of_all_plans(bert):
    heard = []
    model = on(bert, "classification", f"route(swh: vote({P}, {Q}), *: {R})")
    tags = ("swh", "hau", "swh", "hau")
    examples = [model.task.example(text, text, tag) for text, tag in zip(TEXTS, tags, strict=True)]
    computing = Computing(batch_tokens=1, progress=lambda *told: heard.append(told))
    predict(model.task, examples, model.composition, model.labels, computing=computing)
    assert heard == [(done, 6) for done in range(1, 7)]


def test_every_task_of_labels_is_in_these_laws():
    assert {name for name in TASKS if isinstance(task_named(name), ScoresUnits)} == set(LABELS_OF)


@pytest.mark.parametrize("task", sorted(set(TASKS) - set(LABELS_OF)))
def test_a_task_that_scores_no_labels_of_units_is_refused(bert, task):
    modules = {f"task/{n}": task_module(bert, task, n, task_named(task).labels([])) for n in (1, 2)}
    with pytest.raises(PlanError, match=f"the scores of {task} cannot be combined: .*choose from .*tagging"):
        xling.compose(bert, "vote(task/1, task/2)", modules=modules)


def test_other_labels_are_named_with_who_knows_them(bert):
    modules = shelf(bert, "classification")
    modules["task/2"] = modules["task/2"].with_facts(labels=("a", "b", "d"))
    told = "only 'lang/swh >> task/1' knows c; only 'task/2' knows d"
    for plan in ("vote(lang/swh >> task/1, task/2)", "route(swh: vote(lang/swh >> task/1), *: task/2)"):
        with pytest.raises(PlanError, match=f"different labels cannot be combined: {told}"):
            xling.compose(bert, plan, modules=modules)


def test_what_is_no_complete_plan_of_one_task_is_refused(bert):
    modules = shelf(bert, "classification")
    with pytest.raises(PlanError, match="vote takes complete plans, and 'lang/swh' has no task module"):
        xling.compose(bert, "vote(task/1, lang/swh)", modules=modules)
    modules["task/2"] = task_module(bert, "multi-label", 2)
    with pytest.raises(PlanError, match="do not agree: classification, multi-label"):
        xling.compose(bert, "vote(task/1, task/2)", modules=modules)


@pytest.mark.parametrize("text", [
    "vote(a, b) >> c", "c >> vote(a, b)", "mean(vote(a, b), c)", "route(swh: vote(a, b), *: c) >> d",
    "fuse(vote(a, b), c; d)", "vote(mean(vote(a), b), c)",
])  # fmt: skip
def test_nothing_stands_on_or_beside_a_vote(text):
    with pytest.raises(PlanError, match="so nothing can stand on or beside it in .*have it at the top"):
        parse(text)


def test_a_value_that_was_nested_by_hand_is_refused_when_it_gets_its_modules(bert):
    vote = parse("vote(task/1, task/2)")
    with pytest.raises(PlanError, match="nothing can stand on or beside it"):
        xling.compose(bert, replace(parse("a >> b"), plans=(vote, vote)), modules=shelf(bert, "pos"))


def test_a_vote_has_no_states_so_no_single_model_is_made_of_it(bert, tmp_path, shell):
    store = Store(tmp_path / "store")
    for name, module in shelf(bert, "classification").items():
        store.add(name, module)
    model = xling.compose(bert, "vote(task/1, task/2)", store=store)
    with pytest.raises(PlanError, match="cannot be merged: it combines the scores of several models"):
        xling.merge(model)
    with pytest.raises(PlanError, match="combines scores of labels and has no states of its own"):
        Composition(bert, model.composition.node)
    words = ["--base", bert.id, "--plan", "vote(task/1, task/2)", "--store", store.root]
    shell("module", "merge", *words, "--out", tmp_path / "x").refused("a plain model is one", "merge one of")
    shell("module", "onnx", *words, "--out", tmp_path / "x.onnx").refused(
        "several models, and a graph is one"
    )
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("swh\teng\namina\tjuma\nleo\tkesho\n")
    ended = shell("retrieve", *words, "--pairs", pairs, "--language", "swh", "--other-language", "eng")
    ended.refused("has no states of its own")


def test_it_is_predicted_and_evaluated_on_the_command_line(bert, tmp_path, shell):
    store = Store(tmp_path / "store")
    labels = ("B-LOC", "B-PER", "I-LOC", "I-PER", "O")
    heads = {f"task/{n}": task_module(bert, "tagging", n, labels) for n in (1, 2)}
    for name, module in {**shelf(bert, "pos"), **heads}.items():
        store.add(name, module)
    plan = f"vote({P}, {Q}; 2.0, 1.0)"
    assert [own.name for own in named(parse(plan))] == ["lang/swh", "task/1", "lang/nqo", "task/2"]
    words = ["--base", bert.id, "--plan", plan, "--store", store.root, "--language", "swh", "--threads", 1]
    data = conll(tmp_path)
    ended = shell("evaluate", *words, "--task", "tagging", "--data", data, "--out", tmp_path / "out.json")
    assert ended.status == 0, ended.err
    assert json.loads((tmp_path / "out.json").read_text())["plan"] == plan
    ended = shell("predict", *words, "--input", data, "--output", tmp_path / "out.jsonl")
    assert ended.status == 0, ended.err
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) > 1
