"""Windows, targets, losses, spans and scores of extractive question answering."""

from __future__ import annotations

import json
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tiny import WORDS

from xling import train_task
from xling.data.examples import Question
from xling.errors import InputError
from xling.makers.composed_model import compose
from xling.store.store import Store
from xling.tasks.inference import Computing, predict
from xling.tasks.question_answering import QuestionAnswering
from xling.tasks.span_decoding import LONGEST, NBEST, best_answers, best_pairs
from xling.tasks.task import Row
from xling.training.specs import TrainingSettings

TASK = QuestionAnswering()
LABELS = TASK.labels([])


def asked(context: str, *answers: str, question: str = "amina", number: int = 0) -> Question:
    """A question whose answers are where they first stand in the context."""
    gold = tuple((context.index(answer), answer) for answer in answers)
    return Question(context, question, gold or None, f"t/{number}", "swh")


def covered(row: Row, context: str) -> str:
    start, end = row.targets
    return context[row.spans[start][0] : row.spans[end][1]]


def test_a_row_is_the_question_and_the_context(bert):
    one = asked("juma alisoma  kitabu leo", "alisoma  kitabu", question="amina nairobi")
    (row,) = TASK.rows([one], bert.tokenizer, LABELS, 32)
    pieces = bert.tokenizer.convert_ids_to_tokens([row.ids[place] for place in row.at])
    assert pieces[0] == "▁juma" and len(row.ids) == len(row.at) + 2 + 4
    assert covered(row, one.context) == "alisoma  kitabu"
    # white space before a word is no part of its span, though the tokenizer counts it
    assert [one.context[start:end] for start, end in row.spans] == [piece.strip("▁") for piece in pieces]


def test_windows_overlap_and_only_those_with_the_answer_learn(bert):
    words = [WORDS[number % 14] for number in range(60)]
    words[40:42] = ["mtoto", "mtoto"]
    one = asked(" ".join(words), "mtoto mtoto")
    rows = QuestionAnswering(stride=4).rows([one], bert.tokenizer, LABELS, 21)
    assert all(len(row.ids) <= 21 for row in rows) and {row.example for row in rows} == {0}
    for before, after in zip(rows, rows[1:], strict=False):
        assert before.spans[-4:] == after.spans[:4]
    assert rows[0].spans[0] == (0, 5) and rows[-1].spans[-1][1] == len(one.context)
    holding = [covered(row, one.context) for row in rows if row.targets]
    assert holding and set(holding) == {"mtoto mtoto"} and len(holding) < len(rows)
    without = TASK.rows([Question(one.context, "amina", None, "0", "swh")], bert.tokenizer, LABELS, 21)
    assert all(row.targets == () for row in without)


def test_a_long_question_is_cut_and_the_context_kept(bert):
    one = asked("juma alisoma kitabu", "kitabu", question=" ".join(WORDS * 8))
    for length, most in ((200, 64), (20, 8), (8, 2)):
        rows = TASK.rows([one], bert.tokenizer, LABELS, length)
        assert all(len(row.ids) - len(row.at) - 4 == most for row in rows)
        assert any(row.targets and covered(row, one.context) == "kitabu" for row in rows)


TEXT = st.lists(st.sampled_from([*WORDS, "x", "(q)", "\u200b", "é", "\n", "10%"]), min_size=1, max_size=30)


@settings(max_examples=60)
@given(TEXT, st.data(), st.integers(8, 40))
def test_every_target_covers_its_answer(bases, words, data, length):
    tokenizer = bases["bert"].tokenizer
    context = " ".join(words)
    first = data.draw(st.integers(0, len(words) - 1))
    answer = " ".join(words[first : first + 2])
    start = len(" ".join([*words[:first], ""]))
    one = Question(context, "nairobi ni wapi " * 3, ((start, answer),), "0", "swh")
    rows = TASK.rows([one], tokenizer, LABELS, length)
    assert all(len(row.ids) <= length for row in rows)
    assert all(len(row.at) == len(row.spans) for row in rows)
    for row in rows:
        if row.targets:
            assert answer.strip().strip("\u200b") in covered(row, context)
    whole = tokenizer(context, add_special_tokens=False)["input_ids"]
    assert sum(len(row.at) for row in rows) >= len(whole)
    if len(rows) == 1 and answer.strip("\n\u200b "):
        assert rows[0].targets


def test_the_loss_by_hand():
    """Start and end over four and over two items of rows of one batch, whatever the other pieces score."""
    rows = [
        Row(ids=(0,) * 6, at=(1, 2, 3, 4), targets=(1, 2), example=0),
        Row(ids=(0,) * 6, at=(4, 5), targets=(0, 0), example=1),
    ]
    logits = torch.zeros(2, 6, 2)
    logits[0, 2, 0] = math.log(3)  # of the first row's start: 3 / (3 + 1 + 1 + 1)
    logits[:, 0] = 50.0
    logits.requires_grad_()
    expected = (math.log(2) + math.log(4) + 2 * math.log(2)) / 4
    loss = TASK.loss(logits, rows)
    assert loss.item() == pytest.approx(expected)
    loss.backward()
    assert logits.grad is not None
    touched = logits.grad.abs().sum(-1) > 0
    assert touched.nonzero().tolist() == [[0, 1], [0, 2], [0, 3], [0, 4], [1, 4], [1, 5]]


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), max_size=40))
def test_the_best_pairs_are_those_of_trying_all(scores):
    found = best_pairs(torch.tensor(scores, dtype=torch.float32).reshape(-1, 2))
    pairs = [
        (start + scores[last][1], first, last)
        for first, (start, _) in enumerate(scores)
        for last in range(first, min(first + LONGEST, len(scores)))
    ]
    assert [value for value, _, _ in found] == sorted((pair[0] for pair in pairs), reverse=True)[:NBEST]
    assert set(found) <= {(float(value), first, last) for value, first, last in pairs}
    assert len(set(found)) == len(found) == min(NBEST, len(pairs))


def test_a_model_that_has_diverged_still_answers():
    scores = torch.full((3, 2), torch.nan)
    found = best_answers("a b c", [((0, 1), (2, 3), (4, 5))], [scores])
    assert found["answer"] and all(math.isfinite(row["score"]) for row in found["nbest"])


def test_the_best_span_of_all_windows_by_raw_scores():
    context = "juma alisoma kitabu leo"
    spans = ((0, 4), (5, 12), (13, 19), (20, 23))
    rows = [
        Row(ids=(0,) * 5, at=(1, 2, 3), targets=(), example=0, spans=spans[:3]),
        Row(ids=(0,) * 4, at=(1, 2), targets=(), example=0, spans=spans[2:]),
    ]
    # surest of itself is the first window, higher in its raw scores the second
    scores = [torch.tensor([[4.0, -9], [-9, 4], [-9, -9]]), torch.tensor([[5.0, 5], [5, 4]])]
    example = Question(context, "nini", None, "t/0", "swh")
    (found,) = TASK.decode([example], rows, scores, LABELS)
    nbest = found.pop("nbest")
    assert found == {
        "id": "t/0",
        "language": "swh",
        "question": "nini",
        "answer": "kitabu",
        "start": 13,
        "end": 19,
    }
    assert [row["text"] for row in nbest][:3] == ["kitabu", "kitabu leo", "leo"]
    texts = [row["text"] for row in nbest]
    assert len(set(texts)) == len(texts) == 8  # kitabu stands in both windows
    assert sum(row["score"] for row in nbest) == pytest.approx(1, abs=1e-5)
    assert nbest[0]["score"] / nbest[1]["score"] == pytest.approx(math.e, rel=1e-3)


def test_a_context_without_pieces_has_an_empty_answer():
    found = best_answers("\u200b", [()], [torch.zeros(0, 2)])
    assert found == {"answer": "", "start": 0, "end": 0, "nbest": [{"text": "", "score": 1.0}]}


ANSWER = st.sampled_from(["the Mto wa Mbu", "Mto", "mto, wa mbu!", "a", "", "Moshi"])


@given(st.lists(st.tuples(st.lists(ANSWER, max_size=3), ANSWER), min_size=1, max_size=5))
def test_the_summed_counts_give_the_scores(pairs):
    examples = [
        Question("", "", tuple((0, text) for text in gold), str(number), "swh")
        for number, (gold, _) in enumerate(pairs)
    ]
    rows = [{"answer": found} for _, found in pairs]
    sums = TASK.counts(examples, rows)
    scores = TASK.score(examples, rows)
    assert list(scores) == ["f1", "exact_match"] and next(iter(scores)) == TASK.metric
    assert float(TASK.value(sums.sum(0))) == pytest.approx(scores["f1"], abs=1e-9)
    assert sums.shape == (len(pairs), 3) and (sums[:, 1] <= sums[:, 2]).all()


def test_the_best_right_answer_counts():
    one = asked("Mto wa Mbu, leo", "leo", "Mto wa Mbu,")
    assert TASK.score([one], [{"answer": "the mto wa"}]) == pytest.approx({"f1": 80.0, "exact_match": 0.0})
    gold = {"answer": "leo", "start": 12, "end": 15, "answers": ["leo", "Mto wa Mbu,"]}
    assert (
        TASK.gold(one) == gold
        and TASK.gold(TASK.example({"context": "a", "question": "b"}, "0", "swh")) == {}
    )
    assert TASK.score([one], [gold])["exact_match"] == 100


@pytest.mark.parametrize("item", ["nani?", ("a", "b"), {"question": "a"}, {"question": "a", "context": 3}])
def test_what_is_asked_must_have_a_context(item):
    with pytest.raises(
        InputError, match='questions with their contexts; give {"question": "Who.", "context"'
    ):
        TASK.example(item, "0", "swh")


def made(number: int) -> Question:
    """The answer is the one name of the context."""
    rest = WORDS[4:]
    words = [rest[(3 * number + step * step) % len(rest)] for step in range(5 + number % 5)]
    name = ("amina", "juma")[number % 2]
    words.insert((7 * number) % len(words), name)
    return asked(" ".join(words), name, question="nairobi", number=number)


def test_from_training_to_scores(bert, tmp_path, shell):
    data = [made(number) for number in range(32)]
    training = TrainingSettings(steps=60, learning_rate=0.01, batch_tokens=256, max_length=32)
    module = train_task(bert, data, data[:6], task=TASK.name, kind="full", settings=training)
    module.save(tmp_path / "task/qa")
    model = compose(bert, "task/qa", store=Store(tmp_path))
    items = [{"question": one.question, "context": one.context} for one in data]
    found = model.predict(items, language="swh")
    assert TASK.score(data, found)["exact_match"] > 90
    assert found[0].keys() == {"id", "language", "question", "answer", "start", "end", "nbest"}
    assert all(
        one.context[row["start"] : row["end"]] == row["answer"] for one, row in zip(data, found, strict=True)
    )
    again = predict(TASK, data, model.composition, model.labels, computing=Computing(batch_tokens=16))
    assert [row["answer"] for row in again] == [row["answer"] for row in found]
    rows = [
        {"id": one.id, "context": one.context, "question": one.question}
        | {"answers": [{"answer_start": start, "text": text} for start, text in one.answers or ()]}
        for one in data
    ]
    (tmp_path / "x.jsonl").write_text("\n".join(map(json.dumps, rows)))
    words = ["--base", bert.id, "--plan", "task/qa", "--store", tmp_path, "--language", "swh", "--threads", 1]
    ended = shell("evaluate", *words, "--task", TASK.name, "--data", tmp_path / "x.jsonl", "--json",
                  "--out", tmp_path / "results.json")  # fmt: skip
    assert ended.status == 0, ended.err
    result = json.loads((tmp_path / "results.json").read_text())
    assert result["metric"] == "f1" and result["all"]["exact_match"] > 90
    ended = shell("predict", *words, "--input", tmp_path / "x.jsonl", "--output", tmp_path / "out.jsonl")
    assert ended.status == 0, ended.err
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["id"] for row in written] == [one.id for one in data]
