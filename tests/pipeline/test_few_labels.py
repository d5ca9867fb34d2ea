"""A recipe with some labels of its target itself: joined to the source's, or after everything else."""

from __future__ import annotations

import json

import pytest
import yaml
from support.tiny_recipe import write, write_recipe

from xling.errors import InputError
from xling.evaluation.results import CARRIED, CARRIED_VOTE, FEW, FEW_VOTE, NONE, VOTE
from xling.pipeline.advising import Signals, advised
from xling.pipeline.loading import load_recipe


@pytest.fixture
def recipe(bert, tmp_path):
    """The tiny recipe with ten labelled sentences of its target and a lexicon, and no language modules."""
    path = write_recipe(tmp_path / "recipe", bert.id)
    (path.parent / "data/words.tsv").write_text("swh\teng\nleo\ttoday\njuma\tjuma\n", encoding="utf-8")
    card = {"title": "Words", "task": "parallel", "format": "table", "splits": ["words"], "source": "made up",
            "citation": "none", "licence": {"id": "CC0-1.0"}, "languages": {"swh": "swh"},
            "layout": "words.tsv", "columns": {"text": "swh", "pair": "eng", "label": None}}  # fmt: skip
    words = {"card": str(write(path.parent / "words.yaml", card)), "split": "words"}
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    values["language_modules"] |= {"objectives": [], "under_task": "none"}
    values["words"] = {"dictionary": words}
    values["task_module"]["few"] = {"labels": {**values["task"]["dev"], "count": 6}, "epochs": 1.0}
    return write(path, values)


def run(shell, recipe, folder, *more):
    ended = shell("run", recipe, "--data-root", recipe.parent / "data", "--out", folder, *more)
    assert ended.status == 0, ended.err
    results = json.loads((folder / "tiny/results.json").read_text(encoding="utf-8"))
    plans = {(cell["language"], cell["condition"]): cell["plan"] for cell in results["cells"]}
    made = {
        row["name"]: json.loads((folder / "tiny/modules" / row["name"] / "module.json").read_text("utf-8"))
        for row in results["stages"]
        if row["name"].startswith("task/")
    }
    return results, plans, made, ended.out


def test_a_module_of_each_target_goes_on_from_the_source_s(shell, recipe, tmp_path):
    results, plans, made, said = run(shell, recipe, tmp_path / "runs")
    assert plans["swh", FEW] == "task/ner-few-swh"
    assert plans["swh", FEW_VOTE] == "vote(task/ner-few-swh, words/swh >> task/ner-few-swh)"
    assert ("eng", FEW) not in plans
    alone, few = made["task/ner-alone"], made["task/ner-few-swh"]
    assert few["labels"] == alone["labels"]
    assert few["scores"]["train_examples"] == 6 and alone["scores"]["train_examples"] == 40
    assert few["making"]["settings"]["epochs"] == 1.0 and few["making"]["settings"]["steps"] is None
    assert len(few["descent"]["modules"]) == 1
    assert results["recommended"][0]["condition"] == FEW and "few-vote" in said
    _, _, again, _ = run(shell, recipe, tmp_path / "runs")
    assert again == made


def test_joined_to_the_source_s_they_are_learned_at_once(shell, recipe, tmp_path):
    _, plans, made, _ = run(
        shell, recipe, tmp_path / "runs", "--set", "task_module.few.way=joined", "--set", "plan=recommended"
    )
    assert set(plans) == {("eng", NONE), ("swh", NONE), ("swh", FEW)}
    few = made["task/ner-few-swh"]
    assert few["scores"]["train_examples"] == 46 and not few["descent"]["modules"]


def test_labels_that_are_tested_on_are_not_learned(recipe):
    with pytest.raises(InputError, match="task_module.few.labels: test of .*spans.yaml is tested on"):
        load_recipe(recipe, ["task_module.few.labels.split=test"])


@pytest.mark.parametrize(
    ("task", "held", "wanted"),
    [
        ("tagging", 0.8, FEW_VOTE),
        ("tagging", 0.2, FEW),
        ("tagging", None, FEW),
        ("classification", 0.8, FEW_VOTE),
    ],
)
def test_they_are_advised_before_all_else_that_the_base_reads(task, held, wanted):
    offered = frozenset((NONE, VOTE, CARRIED, CARRIED_VOTE, FEW, FEW_VOTE))
    condition, reason = advised(Signals(task=task, conditions=offered, unread=0.0, held=held))
    assert condition == wanted and "labels of the language itself" in reason


def test_for_whole_texts_they_are_advised_with_their_gloss_alone():
    offered = frozenset((NONE, VOTE, FEW, FEW_VOTE))
    condition, _ = advised(Signals(task="classification", conditions=offered, unread=0.0, held=0.2))
    assert condition == NONE
