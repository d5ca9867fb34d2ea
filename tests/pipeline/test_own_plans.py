"""Conditions of a recipe's own: what is made for them, what they score, and what is refused."""

from __future__ import annotations

import json

import pytest
import yaml
from support.tiny_recipe import write_recipe

from xling.modules.module import Module

PLANS = {
    "auto": "route(auto: lang/*, *: none) >> task",
    "half": "sum(lang/{language}; 0.5) >> task",
}
FUSIONS = {"learned": {"plan": "fuse(lang/swh, lang/eng) >> task", "kind": "scalearn-uniform"}}

SMALL = {"size": 4, "source": 4, "reduction_factor": 4}
SHARED = {
    "hyper-x": {"options": SMALL, "training": {"steps": 3, "batch_tokens": 64}},
    "by-task": {"kind": "hyperformer++", "options": SMALL, "training": {"steps": 2, "batch_tokens": 64}},
}


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
def results(tmp_path):
    return lambda: json.loads((tmp_path / "runs/tiny/results.json").read_text())


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


def test_hypernetworks_are_tested_in_every_language(recipe, run, results, tmp_path):
    path = recipe(plans={}, fusions={}, hypernetworks=SHARED, language_modules={"objectives": []})
    ended = run(path)
    assert ended.status == 0, ended.err
    found = results()
    plans = {(own["language"], own["condition"], own["seed"]): own["plan"] for own in found["cells"]}
    for language in ("eng", "swh"):
        assert plans[language, "hyper-x", 0] == "hyper/hyper-x"
        assert plans[language, "by-task", 3] == "hyper/by-task-seed3"
    made = Module.load(tmp_path / "runs/tiny/modules/hyper/hyper-x-seed3")
    config, facts = made.parts[0].config, made.facts
    assert (config.tasks, config.languages) == (("mlm", "tagging"), ("eng", "swh"))
    assert (facts.seed, facts.steps, facts.task, facts.source, len(facts.cards)) == (
        3,
        3,
        "tagging",
        "eng",
        4,
    )
    (told,) = (own for own in found["modules"] if own["name"] == "hyper/hyper-x")
    assert told["train_tagging"] == 40 and told["pseudo_perplexity_after_swh"] > 0
    assert "hyper-x" in (tmp_path / "runs/tiny/report.html").read_text()
    assert run(path).status == 0 and all(own["cached"] for own in results()["stages"])
    longer = {**SHARED, "hyper-x": {**SHARED["hyper-x"], "training": {"steps": 4, "batch_tokens": 64}}}
    again = recipe(plans={}, fusions={}, hypernetworks=longer, language_modules={"objectives": []})
    assert run(again).status == 0
    anew = {own["name"] for own in results()["stages"] if not own["cached"]}
    assert {"hyper/hyper-x", "hyper/hyper-x-seed3", "predict/swh/hyper-x/0"} <= anew
    assert all("hyper-x" in name for name in anew)


def test_advice_is_not_of_a_hypernetwork(recipe, run, results, shell, tmp_path):
    path = recipe(hypernetworks={"hyper-x": SHARED["hyper-x"]}, seeds=[0], plan="recommended")
    ended = shell("advise", path, "--data-root", tmp_path / "recipe/data", "--json")
    assert ended.status == 0, ended.err
    assert json.loads(ended.out)[0]["condition"] == "target"
    assert run(path).status == 0
    assert {own["condition"] for own in results()["cells"]} == {"none", "target"}
    assert not any(own["name"].startswith("hyper/") for own in results()["modules"])


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
        ({"plans": {"learned": "task"}}, ("plans: learned stands in fusions too",)),
        ({"plans": {"x": "route(auto: lang/*, *: none; fasttext) >> task"}}, ("plans.x", "lingua")),
        (
            {"fusions": {"x": {"plan": "fuse(lang/{language}, none) >> task"}}},
            ("fusions.x.plan", "trained once"),
        ),
        ({"hypernetworks": {"learned": {}}}, ("fusions: learned stands in hypernetworks too",)),
        ({"hypernetworks": {"vote": {}}}, ("hypernetworks.vote", "is a condition of every recipe")),
        (
            {"hypernetworks": {"x": {"kind": "lora"}}},
            ("hypernetworks.x", "lora is no hypernetwork", "choose from hyper-x, hyper-adapter"),
        ),
        ({"hypernetworks": {"x": {"options": {"sizes": 3}}}}, ("hypernetworks.x", "sizes: no such key")),
        ({"hypernetworks": {"x": {"plan": "none"}}}, ("hypernetworks.x", "plan", "no such key")),
        ({"hypernetworks": {"x": {"options": {"language": "typology"}}}, "source": "rmn"}, ("rmn",)),
        ({"language_modules": {"objectives": []}}, ("plans.auto", "makes no lang/swh", "objectives")),
    ],
)
def test_what_cannot_be_made_is_refused_before_anything_is_trained(recipe, run, tmp_path, changes, told):
    run(recipe(**changes)).refused(*told)
    assert not list((tmp_path / "runs").glob("stages/*/weights.safetensors"))
