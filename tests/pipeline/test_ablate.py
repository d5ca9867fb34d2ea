"""Whether a language module is what helps: the same task without, with others', and with one removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from support.tiny_recipe import write, write_recipe

from xling.evaluation.bootstrap import equivalence, verdict
from xling.pipeline.conditions import conditions, relatives
from xling.pipeline.loading import load_recipe

CONDITIONS = ["none", "source", "removed", "related", "target"]


@pytest.fixture
def recipe(bert, tmp_path: Path) -> Path:
    """A tiny recipe whose text card has more languages."""
    path = write_recipe(tmp_path / "recipe", bert.id)
    card, values = (
        tmp_path / "recipe/plain.yaml",
        yaml.safe_load((tmp_path / "recipe/plain.yaml").read_text()),
    )
    values["languages"] |= {"zul": "zul", "amh": "amh"}
    write(card, values)
    lines = (tmp_path / "recipe/data/swh.txt").read_text(encoding="utf-8")
    for language in ("zul", "amh"):
        (tmp_path / f"recipe/data/{language}.txt").write_text(lines, encoding="utf-8")
    return path


def test_every_condition_with_its_verdict(shell, recipe, tmp_path):
    data = ("--data-root", recipe.parent / "data", "--out", tmp_path / "runs", "--quiet", "--json")
    assert shell("run", recipe, *data).status == 0
    ended = shell("ablate", recipe, *data)
    assert ended.status == 0, ended.err
    rows = {(row["language"], row["condition"]): row for row in json.loads(ended.out)}
    assert [condition for language, condition in rows if language == "swh"] == CONDITIONS
    plans = {condition: row["plan"] for (language, condition), row in rows.items() if language == "swh"}
    assert plans == {
        "none": "task/ner-alone",
        "source": "lang/eng >> task/ner",
        "removed": "task/ner",
        "related": "lang/zul >> task/ner",
        "target": "lang/swh >> task/ner",
    }
    results = json.loads((tmp_path / "runs/tiny-ablation/results.json").read_text(encoding="utf-8"))
    for row in results["gains"]:
        assert row["verdict"] == verdict(row["low"], row["high"])
        assert rows[row["language"], row["condition"]]["verdict"] == row["verdict"]
    scores = {(cell["language"], cell["condition"]): cell["value"] for cell in results["cells"]}
    for row in results["equivalence"]:
        best = scores["eng", "none" if row["condition"] == "none" else "source"]
        near = equivalence(scores[row["language"], row["condition"]], best)
        assert row["absolute"] == pytest.approx(near["absolute"], abs=0.02)
    # the run before it has done all but what the ablation adds
    done = {stage["name"] for stage in results["stages"] if not stage["cached"]}
    assert done == {"lang/zul", "predict/swh/related/0", "predict/swh/removed/0", "predict/eng/removed/0"}
    gold, found = (
        [
            json.loads(line)
            for line in (tmp_path / "runs/tiny-ablation" / name).read_text("utf-8").splitlines()
        ]
        for name in ("gold/swh.jsonl", "predictions/swh-related-0.jsonl")
    )
    assert [row["id"] for row in gold] == [row["id"] for row in found]
    assert all(len(one["tags"]) == len(two["tags"]) for one, two in zip(gold, found, strict=True))
    assert {"f1", "precision", "recall"} == set(results["cells"][0]["all"])


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.1, 2.0, "helps"),
        (-2.0, -0.1, "harms"),
        (-1.0, 1.0, "no clear difference"),
        (0.0, 1.0, "no clear difference"),
    ],
)
def test_a_verdict_needs_the_whole_interval(low, high, words):
    assert verdict(low, high) == words


def test_how_near_a_language_comes():
    assert equivalence(45.0, 90.0) == {"relative": 50.0, "absolute": -45.0}
    assert equivalence(0.0, 0.0) == {"relative": None, "absolute": 0.0}


def test_a_related_language_by_facts_or_as_said(recipe):
    plain = load_recipe(recipe, ["controls=[related]"])
    assert relatives(plain, ["eng", "swh", "amh", "zul"]) == {"swh": "zul"}
    assert relatives(plain, ["eng", "swh"]) == {}
    said = load_recipe(recipe, ["controls=[related]", "language_modules.related={swh: amh}"])
    assert relatives(said, ["eng", "swh", "amh", "zul"]) == {"swh": "amh"}
    assert relatives(load_recipe(recipe), ["zul"]) == {}


def test_without_a_module_under_the_task_nothing_can_be_removed(recipe):
    loaded = load_recipe(recipe, ["controls=[removed]", "language_modules.under_task=none"])
    assert [(own.name, str(own.plan)) for own in conditions(loaded, "swh", 0)] == [
        ("none", "task/ner-alone"),
        ("target", "lang/swh >> task/ner-alone"),
    ]
    assert [own.name for own in conditions(loaded, "eng", 0)] == ["none"]
