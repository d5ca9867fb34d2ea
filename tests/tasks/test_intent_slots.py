"""Intents and slots by one head: targets, losses by hand, scores, and a model that learns them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tiny import TEXTS, WORDS

from xling import train_task
from xling.data.examples import Utterance
from xling.errors import InputError
from xling.makers.composed_model import compose
from xling.modules.module import Module
from xling.store.store import Store
from xling.tasks.intent_slots import IntentSlots
from xling.tasks.task import Row
from xling.tasks.xsid_scorer import xsid_compatible_f1, xsid_spans
from xling.training.specs import TrainingSettings

TASK = IntentSlots()
LABELS = ("O", "B-time", "I-time", "intent:alarm", "intent:play")
TAGS = st.lists(st.sampled_from(["O", "B-a", "I-a", "B-b", "I-b"]), min_size=1, max_size=9)


def utterance(tags, intent: str | None = "alarm", tokens=None, id: str = "0") -> Utterance:
    known = None if tags is None else tuple(tags)
    return Utterance(tuple(tokens or ["amina"] * len(tags)), known, intent, id, "swh")


def test_tags_come_before_intents():
    found = TASK.labels([utterance(["B-time", "I-time"]), utterance(["O"], "play")])
    assert found == LABELS
    with pytest.raises(InputError, match="no utterance of the training data has an intent"):
        TASK.labels([utterance(["O"], None)])


def test_the_first_piece_speaks_for_the_utterance(bert):
    tokens = [WORDS[number % len(WORDS)] for number in range(20)]
    tags = ["B-time", "I-time"] + ["O"] * 18
    rows = TASK.rows([utterance(tags, "play", tokens)], bert.tokenizer, LABELS, 16)
    assert len(rows) > 1 and [row.first for row in rows][:2] == [0, len(rows[0].at)]
    assert rows[0].at[0] == 0 and rows[0].ids[0] == bert.tokenizer.cls_token_id
    assert rows[0].targets[:4] == (3, 4, 1, 2)  # three tags; the intent's own number; the tags
    assert all(row.targets[0] == 3 and len(row.targets) == 1 + len(row.at) for row in rows)
    assert sum(len(row.at) for row in rows) == 1 + len(tokens)
    for missing in (utterance(None, None, tokens), utterance(tags, None, tokens)):
        assert all(row.targets == () for row in TASK.rows([missing], bert.tokenizer, LABELS, 16))


def test_the_loss_by_hand():
    # one utterance of one word; five outputs a piece, of which three are tags
    logits = torch.zeros(1, 3, 5)
    logits[0, 0] = torch.tensor([9.0, 9.0, 9.0, 0.0, math.log(3)])  # the tags' outputs do not count here
    logits[0, 1] = torch.tensor([0.0, math.log(2), 0.0, 9.0, 9.0])
    row = Row(ids=(0, 5, 2), at=(0, 1), targets=(3, 4, 1), example=0)
    assert TASK.loss(logits, [row]).item() == pytest.approx(-math.log(3 / 4) - math.log(2 / 4), abs=1e-6)
    later = Row(ids=(0, 5, 2), at=(1,), targets=(3, 1), example=0, first=2)
    assert TASK.loss(logits, [later]).item() == pytest.approx(-math.log(2 / 4), abs=1e-6)
    # two words: their mean, beside the one intent
    both = Row(ids=(0, 5, 2), at=(0, 1, 2), targets=(3, 4, 1, 0), example=0)
    slots = (-math.log(2 / 4) - math.log(1 / 3)) / 2
    assert TASK.loss(logits, [both]).item() == pytest.approx(-math.log(3 / 4) + slots, abs=1e-6)


def test_decoding_repairs_slots_and_tells_the_chances_of_intents():
    example = utterance(None, None, ["wake", "at", "five"])
    scores = torch.zeros(4, 5)
    scores[0, 4] = math.log(3)
    scores[1, 0] = scores[2, 2] = scores[3, 2] = 1.0
    scores[1, 3] = 9.0  # an intent's output is none of a word's
    rows = [
        Row(ids=(), at=(0, 1), targets=(), example=0),
        Row(ids=(), at=(1, 2), targets=(), example=0, first=2),
    ]
    (found,) = TASK.decode([example], rows, [scores[:2], scores[2:]], LABELS)
    assert found == {
        "id": "0",
        "language": "swh",
        "tokens": ["wake", "at", "five"],
        "tags": ["O", "B-time", "I-time"],
        "spans": [{"start": 1, "end": 3, "label": "time", "text": "at five"}],
        "intent": "play",
        "intent_scores": {"alarm": 0.25, "play": 0.75},
    }


def test_scores_by_hand():
    gold = [utterance(["O", "B-a", "I-a"], "x"), utterance(["B-b", "O"], "y"), utterance(["B-b"], "y")]
    rows = [
        {"tags": ["O", "B-a", "O"], "intent": "x"},
        {"tags": ["B-b", "O"], "intent": "y"},
        {"tags": ["B-b"], "intent": "x"},
    ]
    scores = TASK.score(gold, rows)
    assert list(scores)[0] == TASK.metric == "f1"
    assert scores["f1"] == pytest.approx(100 * 2 / 3)
    assert scores["intent_accuracy"] == pytest.approx(100 * 2 / 3)
    assert scores["all_right"] == pytest.approx(100 / 3)
    assert scores["xsid_compatible_f1"] == 100  # `B I` and `B O` at an end are one span there
    assert TASK.counts(gold, rows).tolist() == [[0, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 0, 1]]
    assert TASK.gold(gold[1]) == {"tags": ["B-b", "O"], "intent": "y"}
    assert TASK.gold(utterance(["O"], None)) == {}


@settings(max_examples=40)
@given(st.lists(st.tuples(TAGS, TAGS, st.booleans()), min_size=1, max_size=5))
def test_the_summed_counts_give_what_is_scored(drawn):
    pairs = [(gold, (found * 9)[: len(gold)], right) for gold, found, right in drawn]
    examples = [utterance(gold) for gold, _, _ in pairs]
    rows = [{"tags": found, "intent": "alarm" if right else "play"} for _, found, right in pairs]
    sums, scores = TASK.counts(examples, rows).sum(0), TASK.score(examples, rows)
    assert float(TASK.value(sums)) == pytest.approx(scores["f1"], abs=1e-9)
    assert 100 * sums[3] / sums[4] == pytest.approx(scores["intent_accuracy"], abs=1e-9)
    assert scores["all_right"] <= scores["intent_accuracy"] + 1e-9


@given(TAGS)
def test_xsid_spans_are_those_of_a_beginning_each(tags):
    found = xsid_spans(tags)
    assert {start for start, _, _ in found} == {n for n, tag in enumerate(tags) if tag[0] == "B"}
    assert all(start < end < len(tags) or end == len(tags) - 1 for start, end, _ in found)
    assert xsid_compatible_f1([tags], [tags]) == (100 if found else 0)


PLACES = {"nairobi", "dodoma", "moshi"}


def corpus() -> list[Utterance]:
    """A word that is a place has a slot; the first word decides the intent."""
    found = []
    for number, line in enumerate(TEXTS[:24]):
        tokens = line.split()
        tags = ["B-place" if token in PLACES else "O" for token in tokens]
        intent = "greet" if WORDS.index(tokens[0]) % 2 else "ask"
        found.append(utterance(tags, intent, tokens, str(number)))
    return found


def test_a_tiny_model_learns_both_and_keeps_them(bert, tmp_path: Path, shell):
    examples = corpus()
    course = TrainingSettings(steps=80, learning_rate=0.005, batch_tokens=256, evaluate_every=40)
    module = train_task(bert, examples, examples, task="intent-slots", kind="full", settings=course)
    assert module.facts.labels == ("O", "B-place", "I-place", "intent:ask", "intent:greet")
    Store(tmp_path).add("task/slu", module)
    assert Module.load(tmp_path / "task/slu").facts == module.facts
    rows = compose(bert, "task/slu", store=Store(tmp_path)).predict(examples)
    scores = TASK.score(examples, rows)
    assert scores["f1"] > 95 and scores["intent_accuracy"] > 95 and scores["all_right"] > 80
    file = tmp_path / "test.jsonl"
    file.write_text(
        "\n".join(
            json.dumps({"tokens": item.tokens, "tags": item.tags, "intent": item.intent}) for item in examples
        )
    )
    where = ("--base", bert.id, "--plan", "task/slu", "--store", tmp_path, "--threads", 1)
    ended = shell("evaluate", *where, "--task", "intent-slots", "--data", file, "--json")
    found = json.loads(ended.out)
    assert found["metric"] == "f1" and found["all"]["f1"] == found["value"] == round(scores["f1"], 2)
    ended = shell("predict", *where, "--input", file, "--output", tmp_path / "out.jsonl")
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["intent"] for row in written] == [row["intent"] for row in rows]
