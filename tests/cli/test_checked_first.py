"""What can be told without the base is told before it is opened, in one line."""

from __future__ import annotations

import pkgutil
import shutil
from importlib import import_module

import pytest
from support.making import disturbed
from support.tiny_recipe import write_recipe
from support.writing import conll, table

import xling
from xling.store.store import Store

NO_BASE = "embedded:never-opened"


@pytest.fixture
def unopened(monkeypatch):
    """Every door to a base fails the test."""
    from xling.bases import base as opening

    def opened(*words, **options):
        raise AssertionError("the base was opened")

    everything = [import_module(found.name) for found in pkgutil.walk_packages(xling.__path__, "xling.")]
    for module in everything:
        if hasattr(module, "load_base"):
            monkeypatch.setattr(module, "load_base", opened)
    monkeypatch.setattr(opening, "_locate", opened)


LANGUAGE = ("train", "language", "--base", NO_BASE, "--out", "OUT")
TASK = ("train", "task", "--base", NO_BASE, "--out", "OUT", "--train", "CONLL")
PLAN = ("--base", NO_BASE, "--store", "STORE", "--input", "CONLL", "--output", "OUT")
EVALUATE = ("evaluate", "--base", NO_BASE, "--store", "STORE")
VOCABULARY = ("vocabulary", "build", "--base", NO_BASE, "--text", "TEXT", "--out", "OUT")

REFUSED = {
    "language": ((*LANGUAGE, "--language", "swahilli", "--text", "TEXT"), ("'swahilli'",)),
    "kind": ((*LANGUAGE, "--language", "swh", "--text", "TEXT", "--kind", "madxx"), ("madxx", "houlsby")),
    "kind of alignment": (
        (*LANGUAGE, "--language", "swh", "--parallel", "PAIRS", "--kind", "madxx"), ("madxx", "--kind"),
    ),
    "option of a kind": (
        (*LANGUAGE, "--language", "swh", "--text", "TEXT", "--set", "parts.reduction=2"), ("reduction",),
    ),
    "setting": ((*LANGUAGE, "--language", "swh", "--text", "TEXT", "--set", "stepps=2"), ("stepps",)),
    "text": ((*LANGUAGE, "--language", "swh", "--text", "missing.txt"), ("missing.txt",)),
    "init": (
        (*LANGUAGE, "--language", "swh", "--text", "TEXT", "--init", "missing"),
        ("missing", "no module here"),
    ),
    "task": ((*TASK, "--task", "taging", "--source-language", "eng"), ("'taging'", "tagging, pos")),
    "source language": ((*TASK, "--task", "tagging", "--source-language", "englisch"), ("'englisch'",)),
    "kind of a task": (
        (*TASK, "--task", "tagging", "--source-language", "eng", "--kind", "x"), ("--kind", "'x'"),
    ),
    "data of a task": (
        (*TASK, "--task", "tagging", "--source-language", "eng", "--dev", "missing.conll"),
        ("missing.conll",),
    ),
    "language to predict": (("predict", *PLAN, "--plan", "task/ner", "--language", "swahilli"), ("'swah",)),
    "module": (("predict", *PLAN, "--plan", "task/nerr"), ("'task/nerr'",)),
    "plan": (("predict", *PLAN, "--plan", "task/ner >>"), ("--plan",)),
    "plan without a task": (("predict", *PLAN, "--plan", "lang/swh"), ("no task module",)),
    "format": (("predict", *PLAN, "--plan", "task/ner", "--format", "xml"), ("--format", "'xml'", "conll")),
    "precision": (("predict", *PLAN, "--plan", "task/ner", "--precision", "x"), ("--precision", "float32")),
    "another task": (
        (*EVALUATE, "--plan", "task/ner", "--task", "pos", "--data", "CONLL"),
        ("the plan's task is tagging",),
    ),
    "no task": ((*EVALUATE, "--plan", "task/ner", "--task", "poz", "--data", "CONLL"), ("--task", "'poz'")),
    "no data": ((*EVALUATE, "--plan", "task/ner", "--task", "tagging"), ("--data FILE or --card NAME",)),
    "card": ((*EVALUATE, "--plan", "task/ner", "--task", "tagging", "--card", "sib2000"), ("sib2000",)),
    "card of another task": (
        (*EVALUATE, "--plan", "task/ner", "--task", "tagging", "--card", "sib200"), ("of classification",),
    ),
    "method": ((*VOCABULARY, "--language", "nqo", "--method", "expand"), ("--method", "'expand'", "extend")),
    "initialiser": ((*VOCABULARY, "--language", "nqo", "--init", "x"), ("--init", "'x'", "similarity")),
    "language of a vocabulary": ((*VOCABULARY, "--language", "nkoo"), ("'nkoo'",)),
    "merge": (
        ("module", "merge", "--base", NO_BASE, "--store", "STORE", "--plan", "lang/swh >> task/ner", "--out",
         "OUT"), ("works on states",),
    ),
    "graph": (
        ("module", "onnx", "--base", NO_BASE, "--store", "STORE", "--out", "OUT", "--plan",
         "route(swh: lang/swh, *: none) >> task/ner"), ("goes by language",),
    ),
    "format of another library": (
        ("module", "import", "STORE", "--format", "x", "--out", "OUT", "--base", NO_BASE), ("'x'", "peft"),
    ),
}  # fmt: skip


LABELS = ("O", "B-X", "I-X")
READING = {
    "predict": ("predict", "--plan", "task/ner", "--store", "STORE", "--input", "CONLL", "--output"),
    "evaluate": (*EVALUATE[:1], "--plan", "task/ner", "--store", "STORE", "--task", "tagging", "--data",
                 "CONLL", "--out"),
    "onnx": ("module", "onnx", "--plan", "task/ner", "--store", "STORE", "--out"),
    "retrieve": ("retrieve", "--plan", "task/ner", "--store", "STORE", "--language", "swh",
                 "--other-language", "eng", "--pairs", "PAIRS", "--out"),
    "diagnose": ("vocabulary", "diagnose", "--language", "swh", "--text", "TEXT", "--page"),
}  # fmt: skip


def given(tmp_path, bert, text_file) -> dict[str, object]:
    """What stands in the place of words in capitals, beside a module in the store."""
    head = disturbed(bert, "head", std=0.1, seed=1)
    head = head.with_facts(task="tagging", source="eng", language=None, labels=LABELS)
    Store(tmp_path / "store").add("task/ner", head)
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("swh\teng\na\tb\nc\td\n", encoding="utf-8")
    return {"STORE": tmp_path / "store", "TEXT": text_file, "PAIRS": pairs, "CONLL": conll(tmp_path)}


@pytest.mark.parametrize(
    "file",
    [
        "base/config.json",
        "base/model.safetensors",
        "base/tokenizer.json",
        "store/task/ner/weights.safetensors",
        "store/task/ner/module.json",
    ],
)
@pytest.mark.parametrize("words", READING.values(), ids=READING)
def test_no_output_replaces_a_file_of_the_base_or_of_the_plan(
    unopened, bert, tmp_path, text_file, shell, words, file
):  # fmt: skip
    if "diagnose" in words and file.startswith("store"):
        pytest.skip("no plan is read")
    paths = given(tmp_path, bert, text_file)
    shutil.copytree(bert.folder, tmp_path / "base")
    before = (tmp_path / file).read_bytes()
    said = [paths.get(word, word) for word in words]
    shell(*said, tmp_path / file, "--base", tmp_path / "base").refused("is an input of this command")
    assert (tmp_path / file).read_bytes() == before


@pytest.mark.parametrize("file", ["recipe/spans.yaml", "recipe/data/swh-test.txt"])
def test_no_evaluation_replaces_a_card_or_its_data(
    unopened, bert, tmp_path, text_file, shell, monkeypatch, file
):
    paths = given(tmp_path, bert, text_file)
    write_recipe(tmp_path / "recipe", NO_BASE)
    monkeypatch.setenv("XLING_DATA", str(tmp_path / "recipe/data"))
    before = (tmp_path / file).read_bytes()
    said = ("--plan", "task/ner", "--store", paths["STORE"], "--task", "tagging", "--language", "swh")
    card = ("--card", tmp_path / "recipe/spans.yaml")
    ended = shell("evaluate", "--base", NO_BASE, *said, *card, "--out", tmp_path / file)
    ended.refused("is an input of this command", "--out")
    assert (tmp_path / file).read_bytes() == before


INTO = {
    "init": ("language", "--language", "swh", "--text", "TEXT", "--init", "MODULE"),
    "below": ("task", "--task", "tagging", "--source-language", "eng", "--train", "CONLL",
              "--language-module", "MODULE"),
    "vocabulary": ("language", "--language", "swh", "--text", "TEXT", "--vocabulary", "MODULE"),
}  # fmt: skip


@pytest.mark.parametrize("words", INTO.values(), ids=INTO)
def test_a_module_is_not_trained_into_the_folder_of_one_that_it_is_made_with(
    unopened, bert, tmp_path, text_file, shell, words
):
    paths = given(tmp_path, bert, text_file)
    folder = paths["MODULE"] = Store(tmp_path / "store").add(
        "lang/swh", disturbed(bert, "lora", std=0.1, seed=1)
    )
    before = (folder / "weights.safetensors").read_bytes()
    (tmp_path / "link").symlink_to(folder)
    said = [paths.get(word, word) for word in words]
    for out in (folder, tmp_path / "link"):
        ended = shell("train", *said, "--base", NO_BASE, "--out", out, "--fresh")
        ended.refused("is an input of this command", "--out")
    assert (folder / "weights.safetensors").read_bytes() == before


@pytest.mark.parametrize(("words", "told"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_and_the_base_stays_closed(unopened, bert, tmp_path, text_file, shell, words, told):
    store = Store(tmp_path / "store")
    store.add("lang/swh", disturbed(bert, "bottleneck", std=0.1, seed=1))
    head = disturbed(bert, "head", std=0.1, seed=1)
    store.add("task/ner", head.with_facts(task="tagging", source="eng", language=None, labels=LABELS))
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("swh\teng\na\tb\nc\td\n", encoding="utf-8")
    paths = {"OUT": tmp_path / "out", "STORE": tmp_path / "store", "TEXT": text_file, "PAIRS": pairs,
             "CONLL": conll(tmp_path), "TABLE": table(tmp_path)}  # fmt: skip
    shell(*(paths.get(word, word) for word in words)).refused(*told)
    assert not (tmp_path / "out").exists()
