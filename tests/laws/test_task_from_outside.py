"""A task that is not in the package does what others do after one registration, its own format included."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.task_files import of_hub

import xling
from xling.corpora.cards import load_card
from xling.corpora.checks import check
from xling.corpora.source import file_checksum, load
from xling.data.line_stream import read_lines
from xling.errors import InputError
from xling.modules.head import HeadConfig
from xling.tasks.comparison import Comparison, LabelPair
from xling.tasks.reading import Files, input_format, read_input, read_labelled
from xling.tasks.registry import TASKS
from xling.tasks.task import Row


@dataclass(frozen=True)
class Saying:
    """A text and its mood: a type of example that the package does not know."""

    text: str
    mood: str | None
    id: str
    language: str


def read_moods(how):
    """Lines `mood > text`, or texts alone."""
    found = []
    for number, line in enumerate(read_lines(how.where)):
        mood, arrow, text = line.rpartition(" > ")
        if how.gold and not arrow:
            raise InputError("no mood before the text", where=how.where, line=number + 1)
        named = how.labels.get(mood, mood) if how.gold else None
        found.append(Saying(text, named, str(number), how.language))
    return found


def write_moods(rows, input):
    return "".join(f"{row['mood']} > {row['text']}\n" for row in rows).encode()


class Moods:
    name, metric, together, template = "mood", "accuracy", False, "topic"
    files = Files(rows=("jsonl",), readers={"moods": read_moods}, endings={".moods": "moods"})
    outputs = {".moods": write_moods}

    def of_rows(self, rows, how):
        return [
            Saying(row.text("text"), row.text("mood") if how.gold else None, str(number), how.language)
            for number, row in enumerate(rows)
        ]

    def example(self, item: Any, id: str, language: str) -> Saying:
        return Saying(item, None, id, language)

    def labels(self, examples):
        return tuple(sorted({example.mood for example in examples if example.mood}))

    def label_names(self, example):
        return [example.mood]

    def head(self, labels, base):
        return HeadConfig(outputs=len(labels), pooling="first")

    def rows(self, examples, tokenizer, labels, max_length):
        ids = tokenizer([one.text for one in examples], truncation=True, max_length=max_length)["input_ids"]
        return [
            Row(
                ids=tuple(own),
                at=(),
                targets=(labels.index(one.mood),) if one.mood else (),
                example=number,
            )
            for number, (own, one) in enumerate(zip(ids, examples, strict=True))
        ]

    def loss(self, logits, rows):
        return torch.nn.functional.cross_entropy(
            logits.float(), torch.tensor([row.targets[0] for row in rows])
        )

    def pick(self, logits, rows):
        return [logits[number : number + 1] for number in range(len(rows))]

    def decode(self, examples, rows, scores, labels):
        best = [labels[int(own.argmax())] for own in scores]
        return [
            {"id": one.id, "text": one.text, "mood": mood} for one, mood in zip(examples, best, strict=True)
        ]

    def gold(self, example):
        return {} if example.mood is None else {"mood": example.mood}

    def compare(self, gold, predicted):
        return [
            Comparison(title="Moods", unit="sayings", pairs=(LabelPair(gold["mood"], predicted["mood"]),))
        ]

    def counts(self, examples, predictions):
        both = zip(examples, predictions, strict=True)
        return np.array([(one.mood == row["mood"], 1.0) for one, row in both])

    def value(self, sums):
        return 100 * sums[..., 0] / sums[..., 1]

    def score(self, examples, predictions):
        return {"accuracy": float(self.value(self.counts(examples, predictions).sum(0)))}


MOODS = Moods()
GOLD = "".join(
    f"{mood} > {text} {n}\n" for n in range(6) for mood, text in (("glad", "amina"), ("sad", "juma"))
)


@pytest.fixture(autouse=True)
def registered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("train", "dev", "test"):
        Path(f"{name}.moods").write_text(GOLD, encoding="utf-8")
    xling.register(MOODS)
    yield
    TASKS.pop("mood")


def card(**more):
    values = {
        "title": "x", "task": "mood", "format": "own", "source": "x", "citation": "x",
        "licence": {"id": "CC0-1.0"}, "languages": {"swh": "swh"}, "splits": ["test"],
        "files": {"swh/test": "test.moods"}, **more,
    }  # fmt: skip
    Path("mine.yaml").write_text(json.dumps(values))
    return load_card("mine.yaml")


def test_its_files_are_read_with_gold_and_without():
    first = read_labelled(Path("test.moods"), task="mood", language="swh")[0]
    assert first == Saying("amina 0", "glad", "0", "swh")
    Path("bare.moods").write_text("habari\n")
    assert read_input(Path("bare.moods"), task="mood", language="swh") == [Saying("habari", None, "0", "swh")]
    assert input_format(Path("bare.moods"), task="mood") == "moods"
    Path("a.jsonl").write_text(json.dumps({"text": "habari", "mood": "sad"}))
    assert read_labelled(Path("a.jsonl"), task="mood", language="swh")[0].mood == "sad"
    with pytest.raises(InputError, match="bare.moods:1: no mood before the text"):
        read_labelled(Path("bare.moods"), task="mood", language="swh")
    with pytest.raises(InputError, match="no file of mood by its ending; choose from .jsonl, .ndjson"):
        read_labelled(Path("test.moods").rename("test.x"), task="mood", language="swh")
    with pytest.raises(InputError, match="mood is not read from 'conll'; choose from auto, jsonl, moods"):
        read_labelled(Path("dev.moods"), task="mood", language="swh", format="conll")


def test_a_card_names_it():
    assert load(card(), "swh", "test")[1] == Saying("juma 0", "sad", "1", "swh")
    sums = {"test.moods": file_checksum(Path("test.moods"))}
    (row,) = check(card(label_set=["glad"], checksums=sums), Path())
    assert (row.state, row.found_count, row.strange_labels) == ("ok", 12, (("sad", 6),))
    with pytest.raises(InputError, match="task: no task 'moods': choose from tagging, .*mood, text"):
        card(task="moods")
    assert of_hub("mood", [{"text": "a", "mood": "sad"}]) == [Saying("a", "sad", "0", "swh")]


def test_it_trains_saves_composes_predicts_and_is_scored(shell, bert):
    told = ("--base", bert.id, "--task", "mood", "--source-language", "swh")
    short = ("--set", "steps=30", "--set", "learning_rate=0.01", "--out", "modules/task/mood")
    ended = shell("train", "task", *told, "--train", "train.moods", "--dev", "dev.moods", *short)
    assert ended.status == 0, ended.err
    plan = ("--base", bert.id, "--plan", "task/mood", "--store", "modules")
    Path("bare.moods").write_text("amina 0\njuma 1\n")
    for out in ("found.moods", "found.jsonl"):
        ended = shell("predict", *plan, "--input", "bare.moods", "--output", out)
        assert ended.status == 0, ended.err
    rows = [json.loads(line) for line in Path("found.jsonl").read_text().splitlines()]
    assert Path("found.moods").read_text() == "".join(f"{row['mood']} > {row['text']}\n" for row in rows)
    assert {row["mood"] for row in rows} <= {"glad", "sad"} and [row["id"] for row in rows] == ["0", "1"]
    shell("predict", *plan, "--input", "bare.moods", "--output", "a.conll").refused(
        "mood cannot be written as"
    )
    model = xling.compose(bert, "task/mood", store=xling.Store(Path("modules")))
    assert [row["mood"] for row in model.predict(["amina 0", "juma 1"])] == [row["mood"] for row in rows]
    card()
    scores = []
    for where in (("--data", "test.moods"), ("--card", "mine.yaml")):
        ended = shell("evaluate", *plan, "--task", "mood", *where, "--language", "swh", "--json")
        assert ended.status == 0, ended.err
        scores.append(json.loads(ended.out))
    assert scores[0] == scores[1] and scores[0]["metric"] == "accuracy" and scores[0]["examples"] == 12


def test_it_has_a_recipe_and_its_own_section_in_the_report(shell, bert):
    files = ("--train", "train.moods", "--dev", "dev.moods", "--test", "test.moods")
    told = ("--language", "swh", "--task", "mood", "--base", bert.id)
    ended = shell("recipe", "new", *told, *files, "--out", "mine")
    assert ended.status == 0, ended.err
    assert load(load_card("mine/data.yaml"), "swh", "test")[0].mood == "glad"
    short = {"task_module.training": {"steps": 2}, "seeds": [0]}
    changes = [word for key, value in short.items() for word in ("--set", f"{key}={json.dumps(value)}")]
    ended = shell("run", "mine/recipe.yaml", "--out", "runs", *changes)
    assert ended.status == 0, ended.err
    assert json.loads(Path("runs/swh-mood/results.json").read_text())["task"] == "mood"
    page = Path("runs/swh-mood/report.html").read_text(encoding="utf-8")
    assert "Moods" in page and "glad" in page and "sayings" in page
    bare = ("--language", "swh", "--task", "mood", "--test", "test.moods", "--out", "other")
    shell("recipe", "new", *bare).refused("--train: xling has no mood data; give --train and --dev")
