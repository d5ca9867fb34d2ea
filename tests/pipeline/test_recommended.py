"""A recipe that tests what is recommended alone, and one whose task module is taught by another plan."""

from __future__ import annotations

import pytest
from pipeline.test_words import recipe, run, spec  # noqa: F401  (fixtures)

from xling.errors import InputError
from xling.pipeline.conditions import teacher
from xling.pipeline.loading import load_recipe


def test_only_what_is_recommended_is_made(run, recipe):  # noqa: F811
    section = (f"words.pairs={spec(recipe, 'pairs')}", "plan=recommended")
    results, made = run(*section)
    assert [row["condition"] for row in results["recommended"]] == ["vote"]
    cells = {(cell["language"], cell["condition"]) for cell in results["cells"]}
    assert cells == {("eng", "none"), ("swh", "none"), ("swh", "vote")}
    assert made == {"task/ner-alone", "words/swh", "predict/eng/none/0", "predict/swh/none/0",
                    "predict/swh/vote/0"}  # fmt: skip
    assert [row["condition"] for row in results["gains"]] == ["vote"]


def test_a_vote_is_taught_to_one_task_module(run, recipe):  # noqa: F811
    text = f"{{card: {recipe.parent / 'plain.yaml'}, split: train, count: 9}}"
    distil = f"task_module.distil={{teacher: vote, text: {text}}}"
    results, made = run(f"words.pairs={spec(recipe, 'pairs')}", distil, "language_modules.objectives=[]")
    cells = {cell["condition"]: cell for cell in results["cells"] if cell["language"] == "swh"}
    assert list(cells) == ["none", "gloss", "vote", "distilled"]
    assert cells["distilled"]["plan"] == "task/ner-distilled" and "task/ner-distilled" in made
    assert "plain" in {row["name"] for row in results["cards"]}


def test_every_target_has_its_own_teacher(recipe):  # noqa: F811
    words = f"words.pairs={spec(recipe, 'pairs')}"
    both = load_recipe(recipe, [words, "targets=[swh, hau]"])
    vote = "vote(task/ner-alone, words/{0} >> task/ner-alone)".format
    assert str(teacher(both, "vote", 0)) == f"route(swh: {vote('swh')}, hau: {vote('hau')})"
    assert str(teacher(both, "none", 0)) == "task/ner-alone"
    with pytest.raises(InputError, match=r"distil.teacher: swh has no reading 'carried'.*none.*vote"):
        teacher(both, "carried", 0)
