"""`xling project`: a file of carried labels with its card, which other commands read."""

from __future__ import annotations

import json

import pytest
from support.tiny import TEXTS
from support.tiny_recipe import KINDS

import xling
from xling.corpora.cards import load_card
from xling.corpora.source import load
from xling.makers.composed_model import compose
from xling.tasks.registry import TASKS, task_named
from xling.tasks.task import CarriesLabels

SETTINGS = xling.TrainingSettings(steps=60, batch_tokens=64, learning_rate=0.02)
LINES = list(dict.fromkeys(TEXTS))[:20]
TAGS = [
    xling.TaggedSentence(tuple(line.split()), tuple(KINDS.get(w, "O") for w in line.split()), str(n), "eng")
    for n, line in enumerate(LINES)
]
TOPICS = [xling.LabelledText(line, "ab"[n % 2], str(n), "eng") for n, line in enumerate(LINES)]


@pytest.fixture
def tagger(bert, tmp_path):
    module = xling.train_task(bert, TAGS, task="tagging", settings=SETTINGS)
    module.save(tmp_path / "task/ner")
    return module


@pytest.fixture
def project(shell, bert, tmp_path):
    """Project over pairs of sentences with themselves."""
    lines = "".join(f"{line}\t{line}\n" for line in LINES)
    (tmp_path / "pairs.tsv").write_text(f"swh\teng\n{lines}", encoding="utf-8")

    def go(out="swh.conll", *options, task="task/ner"):
        return shell("project", "--task", tmp_path / task, "--pairs", tmp_path / "pairs.tsv",
                     "--language", "sw", "--out", tmp_path / out, "--quiet", "--json", *options)  # fmt: skip

    return go


def test_what_is_carried_is_learned_below_the_task_module(project, shell, tagger, bert, tmp_path):
    """As docs/language_modules.md has it; the language's module then stands below it in a plan."""
    assert project().status == 0
    ended = shell("train", "task", "--base", bert.id, "--task", "tagging", "--source-language", "swh",
                  "--train", tmp_path / "swh.conll", "--store", tmp_path, "--plan", "new >> task/ner",
                  "--out", tmp_path / "lang/swh", "--set", "epochs=1", "--quiet")  # fmt: skip
    assert ended.status == 0, ended.err
    own = xling.Store(tmp_path).get("lang/swh")
    assert own.facts.labels == tagger.facts.labels and len(own.parts) == 1
    given, said = tmp_path / "swh.conll", tmp_path / "said.conll"
    ended = shell("predict", "--base", bert.id, "--plan", "lang/swh >> task/ner", "--store", tmp_path,
                  "--input", given, "--language", "swh", "--output", said)  # fmt: skip
    assert ended.status == 0, ended.err
    assert said.read_text("utf-8").count("\n") > len(LINES)


def test_the_file_and_its_card_are_read_like_any_other(project, shell, tagger, bert, tmp_path):
    ended = project()
    assert ended.status == 0, ended.err
    told = json.loads(ended.out)
    card = load_card(tmp_path / "swh.yaml")
    rows = load(card, "swh", "train")
    said = compose(bert, "n", modules={"n": tagger}).predict([line.split() for line in LINES])
    assert [list(row.tags) for row in rows] == [own["tags"] for own in said]
    assert [list(row.tokens) for row in rows] == [line.split() for line in LINES]
    assert {tag for row in rows for tag in row.tags} > {"O"}, "the labels tell something"
    assert (told["pairs"], told["carried"], told["dropped"]) == (20, 20, {})
    assert (card.task, card.licence.id, card.counts) == (
        "tagging",
        "unstated",
        {str(tmp_path / "swh.conll"): 20},
    )
    assert shell("data", "check", tmp_path / "swh.yaml").status == 0
    ended = shell("train", "task", "--base", bert.id, "--task", "tagging", "--train", tmp_path / "swh.conll",
                  "--source-language", "swh", "--out", tmp_path / "task/swh", "--set", "steps=1")  # fmt: skip
    assert ended.status == 0, ended.err


def test_labels_of_texts_are_written_as_json_lines(project, bert, tmp_path):
    xling.train_task(bert, TOPICS, task="classification", settings=SETTINGS).save(tmp_path / "task/topic")
    assert project("swh.jsonl", "--limit", 5, task="task/topic").status == 0
    rows = load(load_card(tmp_path / "swh.yaml"), "swh", "train")
    assert len(rows) == 5 and {row.label for row in rows} <= {"a", "b"}
    assert all(row.text == LINES[int(row.id)] for row in rows)
    project("more.conll", task="task/topic").refused("more.conll", "classification", ".jsonl")


@pytest.mark.parametrize("taken", ["swh.conll", "swh.yaml"])
def test_nothing_is_written_over(project, tagger, tmp_path, taken):
    (tmp_path / taken).write_text("mine", encoding="utf-8")
    project().refused("--out", taken, "is there already")
    assert (tmp_path / taken).read_text(encoding="utf-8") == "mine"


def test_a_module_on_a_language_module_is_refused(project, bert, tmp_path):
    eng = xling.train_language(bert, TEXTS, language="eng", settings=xling.TrainingSettings(steps=1))
    module = xling.train_task(
        bert, TAGS, task="tagging", language_module=eng, settings=xling.TrainingSettings(steps=1)
    )
    module.save(tmp_path / "task/ner")
    project().refused("task/ner", "on top of lang/eng")


def test_every_task_that_carries_labels_is_named():
    carrying = {"tagging", "pos", "intent-slots", "classification", "multi-label"}
    assert {name for name in TASKS if isinstance(task_named(name), CarriesLabels)} == carrying
