"""Every recipe on disk can be read, and everything it names exists."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from xling.corpora.cards import load_card
from xling.data.cldr import languages
from xling.errors import InputError
from xling.modules.registry import parse_config, preset
from xling.pipeline.loading import load_recipe
from xling.tasks.registry import task_named
from xling.vocabulary.initialisers.registry import INITIALISERS

ROOT = Path(__file__).parents[2] / "recipes"
RECIPES = sorted(path for path in ROOT.rglob("*.yaml") if "_base" not in path.parts)
NO_TEXT = {"ary", "bar", "bxr", "kpv", "olo", "taq"}  # no plain text of them is at hand


card_named = cache(load_card)


def test_all_were_seen():
    assert len(RECIPES) == 162
    assert len({load_recipe(path).name for path in RECIPES}) == 162
    loaded = [load_recipe(path) for path in RECIPES if path.parent.name not in ("recipes", "kinds")]
    assert len({tag for recipe in loaded for tag in recipe.targets}) == 56
    titles = {"ner", "pos", "parsing", "topic", "sentiment", "nli", "intents", "qa", "choice"}
    assert titles <= {recipe.task.title for recipe in loaded}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_it_names_what_exists(path):
    recipe = load_recipe(path)
    task = task_named(recipe.task.name)
    for section in (recipe.language_modules, recipe.task_module):
        options = dict(section.options)
        head = options.pop("head", {})
        assert preset(section.kind, options) or section.kind == "head"
        assert parse_config({"kind": "head", "outputs": 2, **head}, where="head")
    tests = [(recipe.task.test, language) for language in recipe.targets]
    sources = [(spec, recipe.source) for spec in (recipe.task.train, recipe.task.dev)]
    source_test = recipe.task.source_test or recipe.task.test
    section = recipe.language_modules
    tags = recipe.targets if section.under_task == "none" else (recipe.source, *recipe.targets)
    read = tags if section.objectives or path.parent.name != "kinds" else ()
    texts = [(section.texts.get(tag, section.text), tag) for tag in read if tag not in NO_TEXT]
    parallel = []
    if section.alignment is not None and "alignment" in section.objectives:
        parallel = [(section.alignment.pairs, tag) for tag in recipe.targets]
    if section.vocabulary is not None:
        others = (section.vocabulary.protect, section.vocabulary.source_text)
        texts += [(spec, recipe.source) for spec in others if spec is not None]
        words = section.vocabulary.parallel
        parallel += [(words, tag) for tag in recipe.targets if words is not None]
        assert section.vocabulary.init in INITIALISERS
    if recipe.words is not None:
        given = (recipe.words.pairs, recipe.words.dictionary)
        parallel += [(spec, tag) for spec in given if spec is not None for tag in recipe.targets]
    for spec, language in [*tests, *sources, (source_test, recipe.source), *texts, *parallel]:
        card = card_named(spec.card)
        assert spec.split in card.splits
        found = (spec, language)
        assert card.task == ("text" if found in texts else "parallel" if found in parallel else task.name)
        if card.format == "cldr":
            assert language in languages()
        else:
            assert card.upstream(language)


def test_set_changes_one_place_only():
    recipe = load_recipe(ROOT / "quickstart.yaml", ["task_module.training.learning_rate=0.5"])
    assert recipe.task_module.training.learning_rate == 0.5
    assert recipe.language_modules.training.learning_rate != 0.5
    recipe = load_recipe(ROOT / "quickstart.yaml", ["task_module.training.learning_rate=1e-4"])
    assert recipe.task_module.training.learning_rate == 1e-4
    with pytest.raises(InputError, match=r"--set: 'nothing' is not key=value; write --set"):
        load_recipe(ROOT / "quickstart.yaml", ["nothing"])


def test_an_include_that_comes_back_is_refused(tmp_path):
    (tmp_path / "a.yaml").write_text("include: b.yaml\n")
    (tmp_path / "b.yaml").write_text("include: a.yaml\n")
    with pytest.raises(InputError, match=r"a.yaml: includes itself"):
        load_recipe(tmp_path / "a.yaml")


def test_a_recipe_that_comes_along_is_found_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_recipe("quickstart") == load_recipe(ROOT / "quickstart.yaml")
    assert load_recipe("swh/ner").name == load_recipe(ROOT / "swh/ner.yaml").name
    (tmp_path / "quickstart").write_text("name: mine\n", encoding="utf-8")
    with pytest.raises(InputError, match="quickstart: .*base"):
        load_recipe("quickstart")  # a file of that name comes first
    with pytest.raises(InputError, match="quickstartt: no such recipe; choose from quickstart"):
        load_recipe("quickstartt")
