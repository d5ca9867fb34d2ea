"""Plans that a recipe writes itself: what is made for them, what they score, and what is refused."""

from __future__ import annotations

import json

import pytest
import yaml
from support.tiny_recipe import write_recipe

PLANS = {
    "auto": "route(auto: lang/*, *: none) >> task",
    "half": "sum(lang/{language}; 0.5) >> task",
}
FUSIONS = {"learned": {"plan": "fuse(lang/swh, lang/eng) >> task", "kind": "scalearn-uniform"}}


@pytest.fixture
def recipe(bert, tmp_path):
    """A recipe of two seeds with own plans of bottlenecks, and changes of it."""
    path = write_recipe(tmp_path / "recipe", bert.id)

    def changed(**changes):
        values = yaml.safe_load(path.read_text())
        values["language_modules"] |= {"kind": "bottleneck", **changes.pop("language_modules", {})}
        training = values["task_module"]["training"]
        fusions = {name: {"training": training, **own} for name, own in FUSIONS.items()}
        path.write_text(
            yaml.safe_dump({**values, "plans": PLANS, "fusions": fusions, "seeds": [0, 3], **changes})
        )
        return path

    return changed


@pytest.fixture
def run(shell, tmp_path):
    return lambda path: shell(
        "run", path, "--data-root", tmp_path / "recipe/data", "--out", tmp_path / "runs", "--quiet", "--json"
    )


def test_each_is_tested_in_the_languages_that_it_is_for(recipe, run, tmp_path):
    ended = run(recipe())
    assert ended.status == 0, ended.err
    results = json.loads((tmp_path / "runs/tiny/results.json").read_text())
    plans = {(own["language"], own["condition"], own["seed"]): own["plan"] for own in results["cells"]}
    assert plans["swh", "auto", 3] == "route(auto: lang/*, *: none) >> task/ner-seed3"
    assert plans["swh", "half", 0] == "0.5 * lang/swh >> task/ner" and ("eng", "half", 0) not in plans
    assert plans["eng", "learned", 0] == "fuse(lang/swh, lang/eng; fusion/learned) >> task/ner"
    assert plans["swh", "learned", 3] == "fuse(lang/swh, lang/eng; fusion/learned-seed3) >> task/ner-seed3"
    modules = {own["name"] for own in results["modules"]}
    assert {"lang/eng", "lang/swh", "task/ner", "fusion/learned", "fusion/learned-seed3"} <= modules
    assert "learned" in (tmp_path / "runs/tiny/report.html").read_text()
    again = run(recipe())
    assert again.status == 0
    stages = json.loads((tmp_path / "runs/tiny/results.json").read_text())["stages"]
    assert all(own["cached"] for own in stages)


def test_languages_beside_the_targets_are_trained_for_it(recipe, run, tmp_path):
    card = tmp_path / "recipe/plain.yaml"
    ended = run(recipe(plans={"x": "mean(lang/swh, lang/hau) >> task"}, fusions={}))
    ended.refused("hau", str(card.stem))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"plans": {"x": "lang/swh >> "}}, ("plans.x", "nothing stands after >>")),
        ({"plans": {"x": "lang/{tag} >> task"}}, ("plans.x", "may hold {language} only")),
        (
            {"plans": {"x": "words/swh >> task"}},
            ("plans.x", "the recipe makes no words/swh", "section words"),
        ),
        ({"plans": {"x": "task/ner"}}, ("plans.x", "makes no task/ner", "lang/TAG, words/TAG, task")),
        ({"plans": {"target": "task"}}, ("plans.target", "is a condition of every recipe")),
        ({"plans": {"../x": "task"}}, ("plans", "names no folder")),
        ({"plans": {"learned": "task"}}, ("plans: learned is a fusion too",)),
        ({"plans": {"x": "route(auto: lang/*, *: none; fasttext) >> task"}}, ("plans.x", "lingua")),
        (
            {"fusions": {"x": {"plan": "fuse(lang/{language}, none) >> task"}}},
            ("fusions.x.plan", "trained once"),
        ),
        ({"language_modules": {"objectives": []}}, ("plans.auto", "makes no lang/swh", "objectives")),
    ],
)
def test_what_cannot_be_made_is_refused_before_anything_is_trained(recipe, run, tmp_path, changes, told):
    run(recipe(**changes)).refused(*told)
    assert not list((tmp_path / "runs").glob("stages/*/weights.safetensors"))
