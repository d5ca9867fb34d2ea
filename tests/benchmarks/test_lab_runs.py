"""The lab end to end on a tiny base: cut off and gone on with, and the lines it adds to the ledger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import run_lab
from lab import between, few, papers, states, taught
from lab.ground import Ground
from lab.methods import METHODS
from lab.suites import Suite
from ledger import read_ledger
from support.tiny import TEXTS, tiny_base
from support.tiny_recipe import write_recipe

from xling.makers.composed_model import ComposedModel
from xling.makers.stage import Data, Stage
from xling.training.specs import TrainingSettings

BETWEEN = [method.name for method in between.BETWEEN]
STATES = [method.name for method in states.STATES]
TAUGHT = [method.name for method in taught.TAUGHT]
PAPERS = [method.name for method in papers.OF_PAPERS]
CURVE = [method.name for method in few.OWN_LABELS if "-labels" not in method.name]
ALL = [
    "--methods",
    *(name for name in METHODS if name not in {*BETWEEN, *STATES, *TAUGHT, *PAPERS, *CURVE}),
    "--seeds",
    "0",
    "1",
]


@pytest.fixture
def suite(bert, tmp_path, monkeypatch) -> Suite:
    """Methods are chosen on Swahili and, for want of another language, reported on English."""
    recipe = write_recipe(tmp_path / "recipe", bert.id)
    suite = Suite(name="tiny", recipe=str(recipe), chosen=("swh",), reported=("eng",))
    monkeypatch.setitem(run_lab.SUITES, "tiny", suite)
    return suite


@pytest.fixture
def predicted(monkeypatch) -> list[tuple[str, str]]:
    """The plan and the language of every prediction that is computed."""
    found: list[tuple[str, str]] = []
    real = ComposedModel.predict_examples

    def counted(model, examples, computing):
        found.append((str(model.plan), examples[0].language))
        return real(model, examples, computing)

    monkeypatch.setattr(ComposedModel, "predict_examples", counted)
    return found


def run(folder: Path, *more: str) -> list[dict]:
    """The lines that the lab adds to the ledger of a folder."""
    root = str(folder.parent / "recipe" / "data")
    words = ["--suites", "tiny", "--work", str(folder), "--data-root", root, "--docs", str(folder / "docs")]
    assert run_lab.main([*words, *more]) == 0
    assert (folder / "docs" / "results.md").is_file()
    return read_ledger(folder / "docs" / "results.jsonl")


def told(row: dict) -> dict:
    return {key: value for key, value in row.items() if key not in ("load", "seconds")}


def test_a_run_that_was_cut_off_goes_on_to_the_same_scores(suite, predicted, tmp_path, monkeypatch):
    whole = run(tmp_path / "whole", *ALL)
    asked = len(predicted)
    predicted.clear()
    with monkeypatch.context() as patch:
        counted = ComposedModel.predict_examples

        def cut_off(model, examples, computing):
            if len(predicted) == 3:
                raise KeyboardInterrupt
            return counted(model, examples, computing)

        patch.setattr(ComposedModel, "predict_examples", cut_off)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "cut", *ALL)
    assert len(predicted) == 3
    again = run(tmp_path / "cut", *ALL)
    assert len(predicted) == asked
    assert [told(row) for row in again] == [told(row) for row in whole]


def test_a_line_says_what_was_scored_and_how_much_was_gained(suite, predicted, tmp_path):
    control, votes = run(tmp_path / "work", "--methods", "none", "two-seeds", "--languages", "chosen")
    assert (control["question"], control["split"], control["gain"]) == ("lab-tiny", "dev", None)
    assert len(control["scores"]["swh"]) == len(control["seeds"]) == 3
    assert votes["mean"] == pytest.approx(control["mean"] + votes["gain"], abs=0.02)
    assert votes["gain_low"] <= votes["gain"] <= votes["gain_high"]
    assert votes["gains"]["swh"] == pytest.approx(votes["gain"], abs=0.02)
    assert str(tmp_path) not in control["command"] and "--work WORK" in control["command"]
    assert {plan for plan, _ in predicted if plan.startswith("vote")} == {
        "vote(task/0, task/1)",
        "vote(task/1, task/2)",
        "vote(task/2, task/0)",
    }


def test_gains_over_another_method_than_the_control_are_a_question_of_their_own(suite, tmp_path):
    chosen = ("--languages", "chosen", "--seeds", "0", "1")
    plain = run(tmp_path / "work", "--methods", "none", "two-seeds", *chosen)
    *_, row = run(tmp_path / "work", "--methods", "none", "--over", "two-seeds", *chosen)
    assert (row["question"], row["method"]) == ("lab-tiny-over-two-seeds", "none")
    assert row["gain"] == pytest.approx(plain[0]["mean"] - plain[1]["mean"], abs=0.02)
    assert row["gain_low"] <= row["gain"] <= row["gain_high"] and "--over two-seeds" in row["command"]


def test_a_language_apart_is_listed_and_part_of_no_mean(suite, tmp_path, monkeypatch):
    both = Suite(name="tiny", recipe=suite.recipe, chosen=(), reported=("eng",), apart=("swh",))
    monkeypatch.setitem(run_lab.SUITES, "tiny", both)
    (row,) = run(tmp_path / "work", "--methods", "two-seeds", "--languages", "reported", "--seeds", "0")
    assert row["apart"] == ["swh"] and set(row["scores"]) == {"eng", "swh"}
    assert row["mean"] == row["scores"]["eng"][0] and row["gain"] == row["gains"]["eng"]


def test_labels_of_a_scored_split_are_never_trained_on(suite, tmp_path):
    ground = Ground(suite, tmp_path, tmp_path / "recipe" / "data")
    # the tiny card names no train files, so labels could come from dev alone
    assert ground.own_labels("swh", 5) is None and ground.own_labels("eng") is None
    few = ground.own_labels("eng", 5)
    assert few is not None and len(few.rows) == 5
    assert not set(few.rows) & set(ground.scored("eng").rows)


def test_methods_between_modules(suite, tmp_path, monkeypatch):
    """All run, the slow ones on fewer rows than the control that they are held against."""
    short = TrainingSettings(steps=2, batch_tokens=64)
    hyper = between._HYPER.model_copy(update={"training": short})
    brief = {
        "FUSED": ("eng", "swh"),
        "_MLM": between._MLM.model_copy(update={"training": short}),
        "_FUSING": short,
        "_HYPER": hyper,
    }
    for name, value in brief.items():
        monkeypatch.setattr(between, name, value)
    monkeypatch.setattr(between, "_languages", lambda ground: ("eng", "swh", "hau"))
    monkeypatch.setattr(Ground, "has_text", lambda ground, language: True)
    monkeypatch.setattr(Ground, "text", lambda ground, language: Data(rows=TEXTS[:20]))
    monkeypatch.setitem(METHODS, "emea-1", replace(METHODS["emea-1"], rows=4))
    rows = run(tmp_path / "lab", "--methods", "none", *BETWEEN, "--seeds", "0")
    found = {row["method"]: row for row in rows if row["languages"] == "chosen"}
    assert set(found) == {"none", *BETWEEN}
    assert found["auto"]["plan"] == "route(auto: lang/*, *: none) >> task/0"
    assert [found[name]["rows"] for name in ("none", "emea-1", "emea-10")] == [10, 4, 10]
    assert found["auto"]["numbers"] > found["related"]["numbers"] > found["own"]["numbers"] > 0
    assert found["hyper-x"]["plan"] == "hyper-x" and found["hyper-x"]["numbers"] > found["none"]["numbers"]
    assert {row["languages"] for row in rows if row["method"] == "hyper-x"} == {"chosen", "reported"}


def test_methods_of_states(suite, tmp_path, monkeypatch):
    """Each module alone, at half its strength, in the vote under one or both readings, and as others."""
    short = TrainingSettings(steps=2, batch_tokens=64)
    pairs = Data(rows=[(text[::-1], text) for text in TEXTS[:40]])
    small = {"size": 30}
    brief = {
        "SHORT": short,
        "_FEW": 0,
        "_MLM": states._MLM.model_copy(update={"training": short}),
        "_START": states._START.model_copy(update=small),
        "_CRUMBS": states._CRUMBS.model_copy(update=small),
    }
    for name, value in brief.items():
        monkeypatch.setattr(states, name, value)
    monkeypatch.setattr(Ground, "has_pairs", lambda ground, language: True)
    monkeypatch.setattr(Ground, "has_text", lambda ground, language: False)
    monkeypatch.setattr(Ground, "pairs", lambda ground, language: pairs)
    chosen = ("--seeds", "0", "--languages", "chosen")
    rows = run(tmp_path / "lab", "--methods", "none", *STATES, *chosen)
    found = {row["method"]: row for row in rows}
    assert set(found) == {"none", *STATES}
    assert found["aligned-half"]["plan"] == "0.5 * lang/swh >> task/0"
    assert found["aligned-both"]["plan"] == "vote(lang/swh >> task/0, words/swh >> lang/swh >> task/0)"
    assert found["masked-vote"]["plan"] == "vote(task/0, words/swh >> task/0, lang/swh >> task/0)"
    assert found["aligned-pieces"]["numbers"] > found["aligned"]["numbers"] > found["none"]["numbers"]


def test_methods_taught_below_the_task_module(suite, tmp_path, monkeypatch):
    """By what it says of the translations; the module learns it, and the task module stays the control's."""
    short = TrainingSettings(steps=2, batch_tokens=64)
    pairs = Data(rows=[(text.upper(), text) for text in TEXTS])
    monkeypatch.setattr(states, "SHORT", short)
    monkeypatch.setattr(states, "_FEW", 0)
    monkeypatch.setattr(states, "_CRUMBS", states._CRUMBS.model_copy(update={"size": 30}))
    for name, way in taught.WAYS.items():
        monkeypatch.setitem(taught.WAYS, name, replace(way, training=short))
    monkeypatch.setattr(Ground, "has_pairs", lambda ground, language: True)
    monkeypatch.setattr(Ground, "pairs", lambda ground, language: pairs)
    names = ("taught", "taught-aligned-text", "taught-pieces-both")
    rows = run(tmp_path / "lab", "--methods", "none", *names, "--seeds", "0", "--languages", "chosen")
    found = {row["method"]: row for row in rows}
    assert found["taught"]["plan"] == "lang/swh >> task/0"
    assert found["taught-pieces-both"]["numbers"] > found["taught"]["numbers"] > found["none"]["numbers"]
    ground = Ground(suite, tmp_path / "lab", tmp_path / "recipe" / "data")
    modules = METHODS["taught-aligned"].modules(ground, "swh", 0)
    below = modules["lang/swh"]
    assert str(below.plan) == "new >> task/ner/0" and set(below.data) == {"train/swh"}
    assert below.modules["task/ner/0"].identity == modules["task/0"].identity


def test_methods_of_papers(suite, bert, tmp_path, monkeypatch):
    """On another base than the recipe's; a gain is over the task module of the same kind alone."""
    whole = Ground.language_module

    def brief(ground, language, spec) -> Stage:
        training = TrainingSettings(steps=2, batch_tokens=64)
        return whole(ground, language, spec.model_copy(update={"training": training}))

    monkeypatch.setattr(Ground, "language_module", brief)
    monkeypatch.setattr(Ground, "has_text", lambda ground, language: True)
    monkeypatch.setattr(Ground, "text", lambda ground, language: Data(rows=TEXTS[:20]))
    other = tiny_base("bert", tmp_path / "other", seed=1)
    chosen = ("--seeds", "0", "--languages", "chosen", "--base", other.id)
    rows = run(tmp_path / "lab", "--methods", "none", *PAPERS, *chosen)
    found = {row["method"]: row for row in rows}
    assert set(found) == {"none", *PAPERS} and {row["base"] for row in rows} == {"other"}
    assert {row["plan"] for row in rows} == {"task/0", "task", "lang >> task"}
    for kind, control in (("mad-x", "none"), ("lt-sft", "lt-sft-none")):
        own = found[f"{kind}-own"]
        assert own["gain"] == pytest.approx(own["mean"] - found[control]["mean"], abs=0.02)
    ground = Ground(suite, tmp_path / "lab", tmp_path / "recipe" / "data", base=other.id)
    stacked, alone = (METHODS[name].modules(ground, "swh", 0)["task"] for name in ("mad-x-own", "lt-sft-own"))
    assert str(stacked.plan) == "lang/eng >> new" and not alone.modules


def test_few_labels_are_joined_to_the_source_s_or_come_after_them(suite, tmp_path):
    """On test, so that labels of dev may be learned; of one language, whose dev split has enough."""
    names = ("after-10", "joined-10")
    rows = run(tmp_path / "lab", "--methods", "none", *names, "--languages", "reported", "--seeds", "0")
    assert {row["method"]: list(row["scores"]) for row in rows} == {
        "none": ["eng"],
        **dict.fromkeys(names, ["eng"]),
    }
    ground = Ground(suite, tmp_path, tmp_path / "recipe" / "data")
    after, joined = (METHODS[name].modules(ground, "eng", 0)["task/few"] for name in names)
    assert len(after.rows("train")) == len(joined.rows("train/own")) == 10
    assert joined.rows("train")[:-10] == ground.task_module(0).rows("train")
    assert set(after.modules) == {"init"} and not joined.modules


def test_labels_are_learned_above_a_language_s_aligned_module(suite, tmp_path, monkeypatch):
    ground = Ground(suite, tmp_path, tmp_path / "recipe" / "data")
    monkeypatch.setattr(Ground, "own_labels", lambda ground, language, count=None: ground.scored(language))
    monkeypatch.setattr(Ground, "pairs", lambda ground, language: Data(rows=[("moja", "one")]))
    method = METHODS["own-labels-aligned"]
    modules = method.modules(ground, "swh", 0)
    own = modules["task/own"]
    assert method.plan("swh", 0) == "lang/swh >> task/own" and str(own.plan) == "lang/swh >> new"
    assert own.modules["lang/swh"].identity == modules["lang/swh"].identity
    assert own.rows("train") == ground.scored("swh").rows and not own.rows("dev")
    assert not method.suits(ground, "swh")  # the suite has no pairs
