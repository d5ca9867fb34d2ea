"""Flips between older and newer predictions: laws, every task, and files that do not fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.finished_run import results, write_answers, write_run
from support.page_text import read_page

from xling.data.examples import (
    Choice,
    LabelledText,
    MultiLabelledText,
    ParsedSentence,
    Question,
    TaggedSentence,
    Utterance,
)
from xling.errors import InputError
from xling.evaluation.flips import compared, flips, judged, read_judged, sentences
from xling.tasks.comparison import Comparison, LabelPair
from xling.tasks.registry import TASKS, task_named

WORDS = ("ona", "juma")
CONTEXT = Question("Juma yuko", "nani?", ((0, "Juma"),), "0", "swh")
# for each task: an example, a right prediction, a wrong one, and (unit, how many, how many are then wrong)
CASES = {
    "tagging": (
        TaggedSentence(WORDS, ("O", "B-PER"), "0", "swh"),
        {"tokens": [*WORDS], "tags": ["O", "B-PER"]},
        {"tokens": [*WORDS], "tags": ["B-LOC", "O"]},
        [("spans", 2, 2)],
    ),
    "pos": (
        TaggedSentence(WORDS, ("VERB", "NOUN"), "0", "swh"),
        {"tokens": [*WORDS], "tags": ["VERB", "NOUN"]},
        {"tokens": [*WORDS], "tags": ["VERB", "VERB"]},
        [("words", 2, 1)],
    ),
    "parsing": (
        ParsedSentence(WORDS, None, (0, 1), ("root", "obj"), "0", "swh"),
        {"tokens": [*WORDS], "heads": [0, 1], "relations": ["root", "obj"]},
        {"tokens": [*WORDS], "heads": [2, 0], "relations": ["root", "obj"]},
        [("words", 2, 2)],
    ),
    "intent-slots": (
        Utterance(WORDS, ("O", "B-who"), "find", "0", "swh"),
        {"tokens": [*WORDS], "tags": ["O", "B-who"], "intent": "find"},
        {"tokens": [*WORDS], "tags": ["O", "B-who"], "intent": "play"},
        [("utterances", 1, 1), ("spans", 1, 0)],
    ),
    "classification": (
        LabelledText("ona juma", "a", "0", "swh", pair="ndiyo"),
        {"premise": "ona juma", "hypothesis": "ndiyo", "label": "a"},
        {"premise": "ona juma", "hypothesis": "ndiyo", "label": "b"},
        [("examples", 1, 1)],
    ),
    "multi-label": (
        MultiLabelledText("ona", ("a", "b"), "0", "swh"),
        {"text": "ona", "labels": ["a", "b"]},
        {"text": "ona", "labels": ["a", "c"]},
        [("labels", 3, 2)],
    ),
    "question-answering": (
        CONTEXT,
        {"question": "nani?", "answer": "Juma", "nbest": []},
        {"question": "nani?", "answer": "yuko", "nbest": []},
        [("answers", 1, 1)],
    ),
    "multiple-choice": (
        Choice("ona", "effect", ("moja", "mbili"), 0, "0", "swh"),
        {"choices": ["moja", "mbili"], "label": 0, "scores": [0.5, 0.5]},
        {"choices": ["moja", "mbili"], "label": 1, "scores": [0.5, 0.5]},
        [("examples", 1, 1)],
    ),
}


def written(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps({"id": str(n), **row}) + "\n" for n, row in enumerate(rows)))
    return path


def test_every_task_is_covered():
    assert set(CASES) == set(TASKS)


@pytest.mark.parametrize("name", CASES)
def test_each_task_tells_which_units_flip(name, tmp_path):
    example, right, wrong, units = CASES[name]
    task = task_named(name)
    old, new = (read_judged(written(tmp_path / "p.jsonl", [row]), task, [example]) for row in (right, wrong))
    assert [(own.unit, own.units, own.negative, own.positive) for own in flips(old.answers, new.answers)] == [
        (*unit, 0) for unit in units
    ]
    assert [own.positive for own in flips(new.answers, old.answers)] == [count for *_, count in units]


LABELS = st.lists(st.tuples(*[st.sampled_from("abc")] * 3), min_size=1, max_size=12)
TAGS = st.lists(st.tuples(*[st.tuples(*[st.sampled_from(["O", "B-X", "I-X", "B-Y"])] * 3)] * 3), min_size=1)


def both(name: str, key: str, found: list, gold: list):
    task = task_named(name)
    if name == "tagging":
        examples = [TaggedSentence(("x", "y", "z"), tags, str(n), "swh") for n, tags in enumerate(gold)]
        repeated = {"tokens": ["x", "y", "z"]}
    else:
        examples = [LabelledText("x", label, str(n), "swh") for n, label in enumerate(gold)]
        repeated = {}
    return [judged(task, examples, [{**repeated, key: own} for own in side]) for side in found]


@given(LABELS)
def test_with_one_label_the_difference_is_positive_minus_negative_flips(rows):
    gold, *sides = (list(side) for side in zip(*rows, strict=True))
    old, new = both("classification", "label", sides, gold)
    told = compared(old, new, task_named("classification"))
    (own,) = flips(old.answers, new.answers)
    assert own.units == len(rows)
    right = [sum(map(str.__eq__, gold, side)) for side in sides]
    assert own.positive - own.negative == right[1] - right[0]
    net = own.positive_rate.value - own.negative_rate.value
    assert told["difference"]["value"] == pytest.approx(net, abs=0.01)


@given(TAGS)
def test_flips_swap_with_the_sides_and_there_are_none_against_oneself(rows):
    gold, *sides = (list(side) for side in zip(*rows, strict=True))
    old, new = both("tagging", "tags", sides, gold)
    (there,), (back,), (same,) = (
        flips(one.answers, other.answers) for one, other in ((old, new), (new, old), (new, new))
    )
    assert (there.negative, there.positive, there.units) == (back.positive, back.negative, back.units)
    assert there.negative_rate == back.positive_rate
    assert same.negative == same.positive == 0
    assert there.negative + there.positive <= there.units


def test_a_span_or_label_that_no_side_has_is_no_unit():
    gold, old, new = ("B-X", "O", "O"), ("B-X", "O", "B-X"), ("B-X", "B-Y", "O")
    sides = both("tagging", "tags", [[old], [new]], [gold])
    (own,) = flips(*(side.answers for side in sides))
    assert (own.units, own.negative, own.positive) == (3, 1, 1)


def test_answers_of_a_task_from_outside_must_be_told_apart():
    one, two = (Comparison(title="Rhymes", pairs=(LabelPair("a", "a"),) * count) for count in (1, 2))
    with pytest.raises(InputError, match="Rhymes: 1 answers on one side and 2.*`units`"):
        flips([[one]], [[two]])


def test_a_task_that_compares_nothing_is_named(monkeypatch):
    task = task_named("classification")
    monkeypatch.setattr(type(task), "compare", lambda *rows: [])
    with pytest.raises(InputError, match="task classification: it does not say which answers are right"):
        judged(task, [LabelledText("x", "a", "0", "swh")], [{"label": "a"}])


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"id": "7"}], "p.jsonl:1: its id is '7', that of the example is '0'"),
        ([{}], "p.jsonl: 1 predictions of 2 examples: that of '1' is the first missing"),
        ([{}, {}, {}], "p.jsonl:3: one prediction more than the 2 examples"),
        ([{}, {"text": "other"}], "p.jsonl:2: its text is not that of the example '1'"),
        ([{}, {"label": None}], "p.jsonl:2: this is no prediction of the task classification"),
    ],
)
def test_the_first_difference_is_named(rows, words, tmp_path):
    examples = [LabelledText("x", "a", str(n), "swh") for n in range(2)]
    path = written(tmp_path / "p.jsonl", [{"text": "x", "label": "a", **row} for row in rows])
    with pytest.raises(InputError) as error:
        read_judged(path, task_named("classification"), examples)
    assert words in str(error.value)


def test_predictions_of_another_task_or_format_are_refused(tmp_path):
    example, right, *_ = CASES["pos"]
    path = written(tmp_path / "p.jsonl", [{"id": "0", "text": "x", "label": "a"}])
    with pytest.raises(InputError, match="p.jsonl:1: this is no prediction of the task pos"):
        read_judged(path, task_named("pos"), [example])
    with pytest.raises(InputError, match="no JSON lines by its ending.*xling predict"):
        read_judged(tmp_path / "p.conll", task_named("pos"), [example])


def test_evaluate_against_older_predictions(bert, shell, tmp_path):
    rows = tmp_path / "rows.tsv"
    rows.write_text("text\tlabel\n" + "".join(f"amina\t{label}\n" for label in "aabb"))
    shared = ("--base", bert.id, "--quiet")
    shell("train", "task", *shared, "--task", "classification", "--source-language", "swh", "--train", rows,
          "--out", tmp_path / "task/x", "--set", "steps=1")  # fmt: skip
    plan = (*shared, "--plan", "task/x", "--store", tmp_path)
    old = tmp_path / "old.jsonl"
    assert shell("predict", *plan, "--input", rows, "--output", old).status == 0
    score = ("evaluate", *plan, "--task", "classification", "--data", rows, "--against", old)
    told = json.loads(shell(*score, "--json").out)
    assert told["against"]["difference"] == {"value": 0, "low": 0, "high": 0}
    assert told["against"]["value"] == told["value"]
    flipped = [{**json.loads(line), "label": "c"} for line in old.read_text().splitlines()]
    written(old, flipped)
    ended = shell(*score)
    assert "before: accuracy 0.00 [0.00, 0.00]; difference +50.00 [" in ended.out
    assert "positive flips: 2 of 4 examples, 50.00 [" in ended.out
    written(old, flipped[:3])
    shell(*score).refused(str(old), "3 predictions of 4 examples: that of '3' is the first missing")
    assert list(sentences(told["against"], "accuracy"))[1].startswith("negative flips: 0 of 4 examples, 0.00")


def sentence(number: int, tags: tuple[str, ...]) -> dict:
    return {"id": str(number), "tokens": [*WORDS], "tags": tags}


@pytest.fixture
def runs(tmp_path):
    """An older and a newer run: in Faroese one span of two was right, then the other."""
    gold, first, last = ("B-PER", "B-LOC"), ("B-PER", "O"), ("O", "B-LOC")
    for name, tags in (("old", first), ("new", last)):
        folder = write_run(tmp_path / name, results(recipe=name))
        write_answers(folder, "fao", "target", [(sentence(0, gold), sentence(0, tags))])
    return tmp_path / "old", tmp_path / "new"


def test_the_report_tells_flips_by_language(shell, runs):
    old, new = runs
    ended = shell("report", new, "--against", old)
    assert ended.status == 0, ended.err
    text = read_page(new / "report.html").text
    assert "What the run old had right and this one has wrong" in text
    assert "Faroese 50.0 50.0 1 50.0% 50.0–50.0 1 50.0% 50.0–50.0 2 spans own module" in text
    assert "Nothing to compare for Thai: no predictions/tha-target-0.jsonl in the older run." in text
    shell("report", new)
    assert "an older run" not in read_page(new / "report.html").text


def test_both_runs_are_held_against_the_newer_gold_answers(shell, runs):
    old, new = runs
    (old / "gold/fao.jsonl").write_text(json.dumps(sentence(0, ("O", "O"))) + "\n")
    shell("report", new, "--against", old)
    assert "1 50.0% 50.0–50.0 2 spans own module" in read_page(new / "report.html").text


@pytest.mark.parametrize("fault", ["fewer", "other ids"])
def test_the_report_says_which_languages_cannot_be_compared(shell, runs, fault):
    old, new = runs
    path = old / "predictions/fao-target-0.jsonl"
    path.write_text("" if fault == "fewer" else path.read_text().replace('"0"', '"1"'))
    assert shell("report", new, "--against", old).status == 0
    said = "Nothing to compare for Faroese: the rows of the two runs do not fit together."
    assert said in read_page(new / "report.html").text


def test_a_report_against_another_task_or_no_run_is_refused(shell, runs, tmp_path):
    old, new = runs
    write_run(old, results(task="pos"))
    shell("report", new, "--against", old).refused(str(old), "of the task pos, the run itself of tagging")
    shell("report", new, "--against", tmp_path / "none").refused("none/results.json", "no results here")
