"""Recipes of strangers: each is refused in one line that says which key, and writes and tells nothing else.

A new case is one line of the table: what the recipe says instead, and words of the refusal.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.tiny_recipe import write_recipe

from xling.errors import InputError
from xling.pipeline.loading import load_recipe
from xling.plain_yaml import put

NO_FOLDER, NO_PLAN, NO_TAG = "names no folder", "can stand in no plan", "no language has the tag"
LONG = "n" * 300
# (key, value in YAML, words of the refusal)
VALUES = [
    *[("name", name, NO_FOLDER) for name in (
        "../../victim", "/home/victim", "..", ".", "''", "a/b", "'a\\b'", '"x\\ny"', LONG, "a.", "a/", "' a'",
        "'a '", "-rf", ".hidden", '"\\u202ex"', "'~'", "é" * 61,
    )],
    *[("name", name, "is where finished stages are kept") for name in ("stages", "STAGES")],
    *[(key, text, "has no place in it") for key in ("name", "task.title", "base", "about", "include")
      for text in ('"a\\0b"', '"a\\ud800b"')],
    *[("task.title", title, NO_FOLDER) for title in ("../../x", "/x", "..", ".", "''", "a/b", "a.", LONG)],
    *[("task.title", title, NO_PLAN) for title in ("a b", "a>>b", "a@b", "'a(b'")],
    *[(key, "[../x]", NO_TAG) for key in ("targets", "language_modules.family.languages")],
    ("source", "../x", NO_TAG),
    ("language_modules.family.tag", "../x", NO_TAG),
    ("language_modules.related", "{swh: ../x}", NO_TAG),
    ("language_modules.texts", "{../x: {card: udhr, split: train}}", NO_TAG),
    *[(key, value, "should be") for key in ("language_modules.seed", "task.train.sample_seed")
      for value in (-1, 2**70, "no", "true")],
    *[("seeds", f"[{value}]", "seeds.0: should be") for value in (-1, 2**70, 2**32)],
    ("task_module.training", "{steps: null, epochs: null}", "training: say how long"),
    *[("task_module.training.epochs", value, "epochs: should be") for value in (".inf", 1e300, 0, "[]")],
    *[("task_module.training.minutes", value, "minutes: should be") for value in (".inf", 1e300, -1)],
    *[("task_module.training.learning_rate", value, "rate: should be") for value in (1e38, 0, "'5'")],
    ("task_module.training.steps", 2**70, "steps: should be less than"),
    ("task_module", "5", "task_module: should be a mapping"),
    *[("include", value, "is no recipe; write include") for value in ("null", 5, ".", "../../etc/shadow")],
    ("include", f"{LONG}.yaml", "no such recipe"),
    ("include", "folder.yaml", "a recipe is a file, and here is none"),
    ("include", "pipe.yaml", "a recipe is a file, and here is none"),
    ("include", "../../outside/secret.yaml", "outside of"),
    ("include", "../outside/link.yaml", "outside of"),
    ("include", "/etc/hosts.yaml", "outside of"),
    ("include", "../secret.yaml", "no recipe: most of its keys are none of a recipe's"),
]  # fmt: skip
# values that show only when data or base are read
READ = [
    ("task_module.options", "{head: 5}", "head: 5 is no mapping"),
    ("task_module.options", "{reduction_factor: 1e-9}", "reduction_factor: should be greater than"),
    ("language_modules.options", "{reduction_factor: 1e-300}", "reduction_factor: should be greater than"),
    *[("task.name", name, f"its task is tagging, and here {name} is needed")
      for name in ("parsing", "classification", "question-answering", "multi-label", "intent-slots")],
    ("task.train", "{card: cldr_text, split: train}", "its task is text, and here tagging is needed"),
    ("language_modules.text", "{card: cldr, split: train}", "tagging, and here text is needed"),
    ("task.name", "nope", "no task is called 'nope'"),
    ("base", "b" * 5000, "cannot open the base"),
    ("base", "''", "--base"),
]  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A user's folder with a recipe, and things around it that no recipe should reach."""
    exp = tmp_path / "home" / "exp"
    write_recipe(exp, "nowhere", steps=1)
    (exp / "folder.yaml").mkdir()
    os.mkfifo(exp / "pipe.yaml")
    outside = tmp_path / "outside"
    outside.mkdir()
    for folder in (outside, exp.parent):
        (folder / "secret.yaml").write_text("password: hunter2\nkeys: [a]\n")
    (exp.parent / "outside").symlink_to(outside)
    (outside / "link.yaml").symlink_to(outside / "secret.yaml")
    return exp


def changed(place: Path, key: str, value: object) -> Path:
    """The tiny recipe with one other value, as YAML text."""
    whole = yaml.safe_load((place / "tiny.yaml").read_text())
    put(whole, tuple(key.split(".")), "VALUE")
    path = place / "case.yaml"
    path.write_text(yaml.safe_dump(whole).replace("VALUE", str(value), 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(("key", "value", "words"), VALUES)
def test_a_value_of_a_recipe(place, key, value, words):
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        load_recipe(changed(place, key, value))
    assert "case.yaml" in str(caught.value) or key == "include"
    assert not {"hunter2", "password"} & set(re.findall(r"\w+", str(caught.value)))


@pytest.mark.parametrize(("key", "value", "words"), READ)
def test_a_value_that_does_not_fit_data_or_base(shell, bert, place, monkeypatch, key, value, words):
    monkeypatch.chdir(place)
    path = changed(place, key, value)
    path.write_text(path.read_text().replace("base: nowhere", f"base: {bert.folder}"))
    ended = shell("run", path, "--data-root", place / "data", "--out", place / "runs", "--quiet")
    ended.refused(words)


def test_a_name_by_set_stays_in_the_folder_too(shell, place):
    ended = shell("run", place / "tiny.yaml", "--set", "name=../../victim", "--out", place / "runs")
    ended.refused(NO_FOLDER, "name")
    shell("run", place, "--out", place / "runs").refused("a recipe is a file, and here is none")


def test_includes_of_honest_recipes(place):
    """Beside the recipe, one folder above, and the recipes that come with xling by their path."""
    (place.parent / "common.yaml").write_text("about: shared\n")
    assert load_recipe(changed(place, "include", "../common.yaml")).about == "shared"
    packaged = Path(__file__).parents[2] / "recipes/_base/embedded.yaml"
    assert load_recipe(changed(place, "include", packaged)).name == "tiny"


def test_a_recipe_is_called_by_its_file(place, monkeypatch):
    monkeypatch.chdir(place)
    text = (place / "tiny.yaml").read_text().replace("name: tiny\n", "")
    (place / "mine.yaml").write_text(text)
    names = {where: load_recipe(where).name for where in ("mine.yaml", "./mine.yaml", "../exp/mine.yaml")}
    assert names == {"mine.yaml": "mine", "./mine.yaml": "mine", "../exp/mine.yaml": "exp-mine"}


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
trees = st.recursive(
    plain,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below),
    max_leaves=8,
)
KEYS = sorted(
    "name about base source targets seeds controls plan include task task.name task.title task.train "
    "task.train.card task.train.count language_modules language_modules.text language_modules.options "
    "language_modules.family language_modules.training language_modules.objectives task_module words "
    "task_module.projected task_module.training.steps words.pairs".split()
)  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(KEYS), trees)
def test_any_value_is_read_or_refused(place, key, value):
    whole = yaml.safe_load((place / "tiny.yaml").read_text())
    put(whole, tuple(key.split(".")), value)
    (place / "case.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    try:
        load_recipe(place / "case.yaml")
    except InputError as error:
        assert len(str(error).splitlines()) == 1
