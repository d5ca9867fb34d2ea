"""Several labels of a text: targets, loss by hand, scores, and a model that learns them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score
from support.tiny import TEXTS

from xling import train_task
from xling.data.examples import MultiLabelledText
from xling.errors import InputError
from xling.makers.composed_model import compose
from xling.store.store import Store
from xling.tasks.multi_label import MultiLabel
from xling.tasks.task import Row
from xling.training.specs import TrainingSettings

TASK = MultiLabel()
SETS = st.sets(st.sampled_from(["anger", "fear", "joy"]))


def text(labels, words: str = "amina na juma", id: str = "0", pair: str | None = None) -> MultiLabelledText:
    return MultiLabelledText(words, None if labels is None else tuple(labels), id, "hau", pair)


def test_no_label_and_no_gold_are_two_things(bert):
    labels = TASK.labels([text(["joy"]), text([]), text(None), text(["fear", "joy"])])
    assert labels == ("fear", "joy")
    rows = TASK.rows([text(["joy"]), text([]), text(None)], bert.tokenizer, labels, 16)
    assert [row.targets for row in rows] == [(0, 1), (0, 0), ()]
    with pytest.raises(InputError, match="label 'rage' of example 0 is unknown .*choose from fear, joy"):
        TASK.rows([text(["rage"])], bert.tokenizer, labels, 16)
    with pytest.raises(InputError, match="no text of the training data has a label"):
        TASK.labels([text([]), text(None)])


def test_the_loss_and_the_decoding_by_hand():
    logits = torch.tensor([[math.log(3), 0.0], [math.log(3), math.log(1 / 3)]])
    rows = [Row(ids=(), at=(), targets=(1, 0), example=0), Row(ids=(), at=(), targets=(0, 0), example=1)]
    by_hand = -(math.log(3 / 4) + math.log(1 / 2) + math.log(1 / 4) + math.log(3 / 4)) / 4
    assert TASK.loss(logits, rows).item() == pytest.approx(by_hand, abs=1e-6)
    examples = [text(["joy"]), text([], pair="leo", id="b")]
    first, second = TASK.decode(examples, rows, TASK.pick(logits, rows), ("fear", "joy"))
    assert first["labels"] == ["fear"]  # a half is not enough
    assert first["scores"] == {"fear": 0.75, "joy": 0.5} and first["text"] == "amina na juma"
    assert (second["premise"], second["hypothesis"], second["labels"]) == ("amina na juma", "leo", ["fear"])


def test_scores_by_hand():
    gold = [text(["fear", "joy"]), text([]), text(["joy"])]
    rows = [{"labels": ["joy"]}, {"labels": []}, {"labels": ["joy", "anger"]}]
    scores = TASK.score(gold, rows)
    # joy 2 of 2 and 2; fear 0 of 1; anger 0 of 1 predicted
    assert scores["f1"] == pytest.approx(100 * 2 * 2 / 6)
    assert scores["macro_f1"] == pytest.approx(100 / 3)
    assert scores["exact_match"] == pytest.approx(100 / 3)
    known = [{**row, "scores": dict.fromkeys(["anger", "fear", "joy", "love"], 0.1)} for row in rows]
    assert TASK.score(gold, known)["macro_f1"] == pytest.approx(100 / 4)
    assert TASK.gold(gold[1]) == {"labels": []} and TASK.gold(text(None)) == {}


@settings(max_examples=40)
@given(st.lists(st.tuples(SETS, SETS), min_size=1, max_size=6))
def test_the_summed_counts_give_what_is_scored(pairs):
    examples = [text(sorted(gold)) for gold, _ in pairs]
    rows = [{"labels": sorted(found)} for _, found in pairs]
    ours = float(TASK.value(TASK.counts(examples, rows).sum(0)))
    assert ours == pytest.approx(TASK.score(examples, rows)["f1"], abs=1e-9)


@settings(max_examples=40)
@given(st.lists(st.tuples(SETS, SETS), min_size=1, max_size=6))
def test_it_is_scikit_learns_f1_where_there_are_labels_to_choose_from(pairs):
    names = ["anger", "fear", "joy"]
    examples = [text(sorted(gold)) for gold, _ in pairs]
    rows = [{"labels": sorted(found), "scores": dict.fromkeys(names, 0.1)} for _, found in pairs]
    right, own = (np.array([[name in pair[side] for name in names] for pair in pairs]) for side in (0, 1))
    scores = TASK.score(examples, rows)
    for name, how in (("f1", "micro"), ("macro_f1", "macro")):
        assert scores[name] == pytest.approx(100 * f1_score(right, own, average=how, zero_division=0))


def test_a_tiny_model_learns_sets_and_keeps_them(bert, tmp_path: Path, shell):
    examples = [
        text([word for word in ("juma", "moshi", "leo") if word in line.split()], line, str(number))
        for number, line in enumerate(TEXTS[:30])
    ]
    assert any(item.labels == () for item in examples) and any(
        len(item.labels or ()) > 1 for item in examples
    )
    course = TrainingSettings(steps=300, learning_rate=0.005, batch_tokens=256, evaluate_every=100)
    module = train_task(bert, examples, examples, task="multi-label", kind="full", settings=course)
    Store(tmp_path).add("task/emotions", module)
    rows = compose(bert, "task/emotions", store=Store(tmp_path)).predict(examples)
    scores = TASK.score(examples, rows)
    assert scores["f1"] > 90 and scores["exact_match"] > 80
    file = tmp_path / "test.tsv"
    lines = [f"{item.text}\t{'|'.join(item.labels or ())}" for item in examples]
    file.write_text("\n".join(["text\tlabels", *lines]) + "\n")
    where = ("--base", bert.id, "--plan", "task/emotions", "--store", tmp_path, "--threads", 1)
    ended = shell("evaluate", *where, "--task", "multi-label", "--data", file, "--json")
    found = json.loads(ended.out)
    assert found["metric"] == "f1" and found["value"] == round(scores["f1"], 2)
