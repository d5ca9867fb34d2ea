"""A recipe whose task module also learns from labels that are carried over pairs."""

from __future__ import annotations

import json

import pytest
import yaml
from support.tiny import TEXTS
from support.tiny_recipe import write, write_recipe

from xling.errors import InputError
from xling.modules.module import Module
from xling.pipeline.loading import load_recipe
from xling.plain_yaml import written
from xling.store.lineage import module_fingerprint

CARRIED = "predict/swh/carried/0"


@pytest.fixture
def recipe(bert, tmp_path):
    """The tiny recipe with pairs of sentences and themselves, and no language modules."""
    path = write_recipe(tmp_path / "recipe", bert.id)
    lines = "".join(f"{line}\t{line}\n" for line in TEXTS[:30])
    (path.parent / "data/pairs.tsv").write_text(f"swh\teng\n{lines}", encoding="utf-8")
    card = {"title": "Pairs", "task": "parallel", "format": "table", "splits": ["train"],
            "source": "made up", "citation": "none", "licence": {"id": "CC-BY-4.0"},
            "languages": {"swh": "swh"}, "layout": "pairs.tsv",
            "columns": {"text": "swh", "pair": "eng", "label": None}}  # fmt: skip
    pairs = {"card": str(write(path.parent / "pairs.yaml", card)), "split": "train"}
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    values["language_modules"] |= {"objectives": [], "under_task": "none"}
    values["task_module"]["projected"] = [{"pairs": pairs, "languages": ["sw"], "limit": 12}]
    return write(path, values)


def test_the_labels_join_those_of_the_source_under_a_condition_of_their_own(shell, recipe, tmp_path):
    def run():
        ended = shell("run", recipe, "--data-root", recipe.parent / "data", "--out", tmp_path / "runs")
        assert ended.status == 0, ended.err
        return ended.err, json.loads((tmp_path / "runs/tiny/results.json").read_text())

    said, results = run()
    assert "task/ner-alone/carried-swh: labels of 12 of 12 pairs are carried over" in said
    names = {row["name"] for row in results["stages"]}
    assert names == {"task/ner-alone", "task/ner-alone/carried-swh", "task/ner-projected", CARRIED,
                     "predict/eng/none/0", "predict/swh/none/0", "predict/eng/carried/0"}  # fmt: skip
    cells = {(cell["language"], cell["condition"]): cell["plan"] for cell in results["cells"]}
    assert cells["swh", "carried"] == "task/ner-projected" and cells["swh", "none"] == "task/ner-alone"
    folder = tmp_path / "runs/tiny/modules/task"
    alone, joined = (
        json.loads((folder / f"ner-{way}/module.json").read_text()) for way in ("alone", "projected")
    )
    assert (alone["scores"]["train_examples"], joined["scores"]["train_examples"]) == (40, 52)
    assert (alone["licence"], joined["licence"]) == ("CC0-1.0", "CC-BY-4.0")
    assert joined["making"]["data"]["train/swh"].startswith("sha256:")
    assert joined["descent"]["modules"] == [module_fingerprint(Module.load(folder / "ner-alone"))]
    assert joined["descent"]["cards"] == ["pairs", "spans"] and alone["descent"]["cards"] == ["spans"]
    assert len(set(joined["descent"]["files"]) - set(alone["descent"]["files"])) == 1
    _, again = run()
    assert all(row["cached"] for row in again["stages"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"languages": ["swh", "sw"]}, "swh stands in languages twice"),
        ({"languages": []}, "languages"),
        ({"limit": 0}, "limit"),
    ],
)
def test_a_section_that_cannot_be_meant(recipe, change, said):
    values = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    values["task_module"]["projected"][0] |= change
    recipe.write_text(written(values), encoding="utf-8")
    with pytest.raises(InputError, match=said):
        load_recipe(recipe)


def test_the_gloss_is_read_by_the_module_that_knows_carried_labels(shell, recipe, tmp_path):
    values = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    values["words"] = {"pairs": values["task_module"]["projected"][0]["pairs"]}
    recipe.write_text(written(values), encoding="utf-8")
    ended = shell("run", recipe, "--data-root", recipe.parent / "data", "--out", tmp_path / "runs", "--set",
                  "plan=recommended")  # fmt: skip
    assert ended.status == 0, ended.err
    results = json.loads((tmp_path / "runs/tiny/results.json").read_text())
    cells = {cell["condition"]: cell["plan"] for cell in results["cells"] if cell["language"] == "swh"}
    assert cells == {
        "none": "task/ner-alone",
        "carried-vote": "vote(task/ner-projected, words/swh >> task/ner-projected)",
    }
    assert "carried-vote" in ended.out
