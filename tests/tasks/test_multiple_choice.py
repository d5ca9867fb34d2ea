"""Rows, losses, choices and accuracy of multiple choice."""

from __future__ import annotations

import json
import math

import pytest
import torch
from support.tiny import WORDS

from xling import train_task
from xling.data.examples import Choice
from xling.errors import InputError
from xling.makers.composed_model import compose
from xling.store.store import Store
from xling.tasks.inference import Computing, predict
from xling.tasks.multiple_choice import MultipleChoice
from xling.tasks.task import Row
from xling.tasks.text_rows import cut, piece_counts
from xling.training.specs import TrainingSettings

TASK = MultipleChoice()
LABELS = TASK.labels([])


def choice(context: str, choices: list[str], label: int | None = 0, question: str = "leo") -> Choice:
    return Choice(context, question, tuple(choices), label, "0", "swh")


def texts(rows, tokenizer) -> list[str]:
    return [tokenizer.decode(row.ids) for row in rows]


def test_a_row_for_each_choice(bert):
    examples = [choice("amina alisoma", ["kitabu", "shule ya moshi"], 1), choice("", ["a", "b", "c"], None)]
    rows = TASK.rows(examples, bert.tokenizer, LABELS, 32)
    assert [(row.example, row.targets) for row in rows] == [(0, (0,)), (0, (1,)), (1, ()), (1, ()), (1, ())]
    assert all(row.at == () for row in rows)
    separate = bert.tokenizer("amina alisoma leo", "kitabu")["input_ids"]
    assert rows[0].ids == tuple(separate)
    assert TASK.head(LABELS, bert).outputs == 1 and TASK.head(LABELS, bert).pooling == "first"


def test_of_a_long_row_only_the_context_is_cut(bert):
    context = " ".join(WORDS * 3)
    example = choice(context, ["kitabu katika shule", "moshi"], question="amina anaishi")
    rows = TASK.rows([example], bert.tokenizer, LABELS, 20)
    assert [len(row.ids) for row in rows] == [20, 18]
    kept = " ".join((WORDS * 3)[: 20 - 4 - 2 - 3])
    expected = bert.tokenizer(f"{kept} amina anaishi", "kitabu katika shule")["input_ids"]
    assert rows[0].ids == tuple(expected)
    short = TASK.rows([example], bert.tokenizer, LABELS, 8)  # no room for the context at all
    assert all(len(row.ids) <= 8 for row in short)


def test_cutting_keeps_what_has_room(bert):
    found = cut(["amina nairobi juma", "amina", "amina", "qqq amina"], [2, 5, 0, -3], bert.tokenizer)
    assert found == ["amina nairobi", "amina", "", ""]
    assert piece_counts(found, bert.tokenizer) == [2, 1, 0, 0]


def test_the_loss_by_hand():
    """Cross-entropy over two choices and over three: log 2 and log 3 with equal scores."""
    rows = [
        Row(ids=(0,), at=(), targets=(int(right),), example=number)
        for number, right in ((0, 0), (0, 1), (1, 1), (1, 0), (1, 0))
    ]
    logits = torch.zeros(5, 1, requires_grad=True)
    loss = TASK.loss(logits, rows)
    assert loss.item() == pytest.approx((math.log(2) + math.log(3)) / 2)
    loss.backward()
    assert logits.grad is not None
    assert logits.grad.flatten().tolist() == pytest.approx([0.25, -0.25, -1 / 3, 1 / 6, 1 / 6])
    sure = torch.tensor([[0.0], [40.0], [40.0], [0.0], [0.0]])
    assert TASK.loss(sure, rows).item() == pytest.approx(0, abs=1e-6)


def test_chances_are_over_the_choices_of_one_example():
    examples = [choice("a", ["b", "c"], 1), choice("d", ["e", "f", "g"], 0)]
    rows = [Row(ids=(0,), at=(), targets=(), example=number) for number in (0, 0, 1, 1, 1)]
    scores = [torch.tensor([[value]]) for value in (0.0, math.log(3), 1.0, 1.0, 0.0)]
    first, second = TASK.decode(examples, rows, scores, LABELS)
    assert first == {
        "id": "0",
        "language": "swh",
        "context": "a",
        "question": "leo",
        "choices": ["b", "c"],
        "label": 1,
        "scores": [0.25, 0.75],
    }
    assert second["label"] == 0 and sum(second["scores"]) == pytest.approx(1, abs=1e-5)
    assert TASK.counts(examples, [first, {"label": 2}]).tolist() == [[1, 1], [0, 1]]
    assert TASK.score(examples, [first, {"label": 2}]) == {"accuracy": 50.0}
    assert TASK.value(TASK.counts(examples, [first, {"label": 2}]).sum(0)) == 50.0
    assert TASK.gold(examples[0]) == {"label": 1} and TASK.gold(choice("a", ["b", "c"], None)) == {}


@pytest.mark.parametrize(
    "item",
    [
        "a",
        {"context": "a", "question": "b"},
        {"context": "a", "question": "b", "choices": ["c"]},
        {"context": "a", "question": "b", "choices": "cd"},
        {"context": "a", "choices": ["c", "d"]},
        {"context": "a", "question": "b", "choices": ["c", 4]},
    ],
)
def test_what_is_chosen_from_must_be_given(item):
    with pytest.raises(
        InputError, match='contexts, questions and choices; give {"context": "Amina alianguka"'
    ):
        TASK.example(item, "0", "swh")


def made(number: int) -> Choice:
    """The right choice speaks of what the context does; two to four of them."""
    right = ("kitabu", "shule")[number % 2]
    others = [WORDS[(number + 3 * step) % 6] for step in range(1 + number % 3)]
    place = number % (len(others) + 1)
    choices = [*others[:place], f"{right} {WORDS[number % 6]}", *others[place:]]
    return Choice(" ".join(WORDS[:4]), "leo", tuple(choices), place, str(number), "swh")


def test_from_training_to_scores(bert, tmp_path, shell):
    data = [made(number) for number in range(30)]
    training = TrainingSettings(steps=40, learning_rate=0.01, batch_tokens=256, max_length=32)
    module = train_task(bert, data, data[:6], task=TASK.name, kind="full", settings=training)
    module.save(tmp_path / "task/mc")
    model = compose(bert, "task/mc", store=Store(tmp_path))
    items = [{"context": one.context, "question": one.question, "choices": one.choices} for one in data]
    found = model.predict(items, language="swh")
    assert TASK.score(data, found)["accuracy"] > 90 and model.labels == LABELS
    again = predict(TASK, data, model.composition, model.labels, computing=Computing(batch_tokens=16))
    assert [row["label"] for row in again] == [row["label"] for row in found]
    rows = [{"id": one.id, "label": one.label, **item} for one, item in zip(data, items, strict=True)]
    (tmp_path / "x.jsonl").write_text("\n".join(map(json.dumps, rows)))
    words = ["--base", bert.id, "--plan", "task/mc", "--store", tmp_path, "--language", "swh", "--threads", 1]
    ended = shell("evaluate", *words, "--task", TASK.name, "--data", tmp_path / "x.jsonl", "--json",
                  "--out", tmp_path / "results.json")  # fmt: skip
    assert ended.status == 0, ended.err
    result = json.loads((tmp_path / "results.json").read_text())
    assert result["metric"] == "accuracy" and result["value"] > 90
    ended = shell("predict", *words, "--input", tmp_path / "x.jsonl", "--output", tmp_path / "out.jsonl")
    assert ended.status == 0, ended.err
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert written[3]["label"] == data[3].label and len(written[3]["scores"]) == len(data[3].choices)
