"""What the report tells of single answers: labels, confusion, mistakes drawn in the text, what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.finished_run import cell, results, write_answers, write_run
from support.page_text import Balance, read_page

import xling
from xling.evaluation.report import write_report
from xling.evaluation.report_page import confusion, mistakes
from xling.evaluation.report_page.matrix import Language
from xling.evaluation.report_page.predictions import Answers, compared
from xling.tasks.classification import Classification
from xling.tasks.comparison import Comparison, DrawnSpans, LabelPair, ShownAnswer
from xling.tasks.registry import TASKS, task_named

WORDS = ("Ona", "yeñ", "Kigali", "na", "UN", ".")
GOLD = {"id": "a", "tokens": WORDS, "tags": ["B-PER", "O", "B-LOC", "O", "B-ORG", "O"]}
FOUND = {"id": "a", "tokens": WORDS, "tags": ["B-PER", "O", "B-ORG", "O", "O", "B-LOC"]}


def answers(task: str, *rows: tuple[dict, dict]) -> Answers:
    language = Language(tag="fao", name="Faroese", script="Latn", source=False, scores={})
    gold, found = zip(*rows, strict=True)
    return compared(language, found, gold, task_named(task).compare)


def tables(task: str, *rows: tuple[dict, dict]) -> tuple[confusion.Labels, ...]:
    return confusion.build(example.answers for example in answers(task, *rows).examples)


def only_table(task: str, *rows: tuple[dict, dict]) -> confusion.Labels:
    (table,) = tables(task, *rows)
    return table


def mistaken(task: str, *rows: tuple[dict, dict]) -> mistakes.Mistakes:
    return mistakes.build(answers(task, *rows).examples)


def figures(table: confusion.Labels) -> dict[str, tuple[int, int, int]]:
    return {row.name: (row.right, row.support, row.found) for row in table.labels}


def taken(table: confusion.Labels) -> dict[tuple[str, str], int]:
    assert table.confusion is not None
    return {
        (row.name, column.name): count.value
        for row, counts in table.confusion.rows
        for column, count in zip(table.confusion.columns, counts, strict=True)
        if count.value
    }


def page(folder: Path, content: dict) -> Balance:
    return read_page(write_report(write_run(folder, content)))


def test_spans_are_counted_by_type_and_place():
    table = only_table("tagging", (GOLD, FOUND))
    assert figures(table) == {"LOC": (0, 1, 1), "ORG": (0, 1, 1), "PER": (1, 1, 1)}
    assert taken(table) == {
        ("PER", "PER"): 1,
        ("LOC", "ORG"): 1,
        ("ORG", "missed"): 1,
        ("invented", "LOC"): 1,
    }
    (person,) = (row for row in table.labels if row.name == "PER")
    assert (person.precision, person.recall, person.f1) == (100.0, 100.0, 100.0)


def test_of_tags_of_words_the_most_confused_is_told():
    gold = {"id": "a", "tokens": "a b c d".split(), "tags": ["NOUN", "NOUN", "VERB", "NOUN"]}
    table = only_table("pos", (gold, gold | {"tags": ["NOUN", "VERB", "VERB", "VERB"]}))
    assert table.words and table.confusion is None
    noun, verb = table.labels
    assert (noun.name, noun.taken, verb.taken) == ("NOUN", (("VERB", 2),), ())
    assert noun.recall == pytest.approx(100 / 3)


def test_a_relation_is_right_with_its_head_and_without_its_subtype():
    gold = {"id": "a", "tokens": ["a", "b", "c"], "heads": [2, 0, 2], "relations": ["nsubj", "root", "obj"]}
    found = gold | {"heads": [2, 0, 1], "relations": ["nsubj:pass", "root", "obj"]}
    assert figures(only_table("parsing", (gold, found))) == {
        "nsubj": (1, 1, 1),
        "obj": (0, 1, 1),
        "root": (1, 1, 1),
    }


def test_of_several_labels_one_for_one_is_a_confusion():
    rows = (
        ({"id": "a", "labels": ["joy"]}, {"id": "a", "labels": ["fear"]}),
        ({"id": "b", "labels": ["joy", "anger"]}, {"id": "b", "labels": ["joy"]}),
    )
    found = taken(only_table("multi-label", *rows))
    assert found == {("joy", "joy"): 1, ("joy", "fear"): 1, ("anger", "missed"): 1}


def test_a_text_without_labels_says_so():
    (shown,) = mistaken(
        "multi-label", ({"id": "a", "labels": []}, {"id": "a", "labels": ["joy", "fear"]})
    ).shown
    assert [choice.name for choice in shown.gold] == ["no label"]
    assert [choice.name for choice in shown.found] == ["joy", "fear"]


def test_intents_and_slots_have_a_table_each():
    gold = {"id": "a", "tokens": ["wake", "me"], "tags": ["O", "B-who"], "intent": "alarm"}
    built = tables("intent-slots", (gold, gold | {"intent": "weather"}))
    assert [table.title for table in built] == ["Intents", "Spans by type"]


def test_many_labels_are_folded_in_the_confusion():
    rows = [({"id": f"{n}", "label": f"l{n:02}"}, {"id": f"{n}", "label": "l00"}) for n in range(20)]
    table = only_table("classification", *rows)
    assert table.confusion is not None and table.confusion.folded == 8
    assert [column.name for column in table.confusion.columns][-1] == "other"
    assert sum(taken(table).values()) == 20


def test_mistakes_are_spread_over_all_and_tell_their_chances():
    rows = [
        (
            {"id": f"{n}", "label": "good"},
            {"id": f"{n}", "text": f"text {n}", "label": "bad", "scores": {"good": 0.2, "bad": 0.8}},
        )
        for n in range(80)
    ]
    built = mistaken("classification", *rows)
    assert (built.wrong, built.of) == (80, 80)
    assert [mistake.id for mistake in built.shown] == ["0", "10", "20", "30", "40", "50", "60", "70"]
    assert (built.shown[0].gold[0].chance, built.shown[0].found[0].chance) == ("20%", "80%")
    assert [(text.name, text.text) for text in built.shown[1].texts] == [("", "text 10")]


def test_any_right_answer_to_a_question_will_do():
    gold = {"id": "q", "question": "When?", "answer": "in 1987", "answers": ["in 1987", "1987"]}
    right = {"id": "q", "question": "When?", "answer": "1987.", "nbest": [{"text": "1987.", "score": 0.5}]}
    assert mistaken("question-answering", (gold, right)).wrong == 0
    wrong = mistaken("question-answering", (gold, right | {"answer": ""}))
    assert [choice.name for choice in wrong.shown[0].gold] == ["in 1987", "1987"]
    assert [choice.name for choice in wrong.shown[0].found] == ["no answer"]


def test_choices_are_numbered_from_one_and_shown_with_their_texts():
    row = {"id": "c", "context": "Amina alianguka", "question": "effect", "choices": ["Alilia", "Alilala"]}
    rows = ({"id": "c", "label": 0}, row | {"label": 1, "scores": [0.004, 0.996]})
    assert taken(only_table("multiple-choice", rows)) == {("answer 1", "answer 2"): 1}
    (shown,) = mistaken("multiple-choice", rows).shown
    assert [(choice.name, choice.chance) for choice in (*shown.gold, *shown.found)] == [
        ("answer 1: Alilia", "under 1%"),
        ("answer 2: Alilala", "100%"),
    ]
    assert [(text.name, text.text) for text in shown.texts] == [
        ("context", "Amina alianguka"),
        ("question", "effect"),
    ]


def test_a_wrong_arc_is_drawn_with_its_head():
    gold = {"id": "a", "heads": [2, 0], "relations": ["nsubj:pass", "root"]}
    found = {"id": "a", "tokens": ["Ona", "yeñ"], "heads": [0, 1], "relations": ["root", "root"]}
    (shown,) = mistaken("parsing", (gold, found)).shown
    assert shown.sentence is not None
    marks = [
        (word.gold and word.gold.label, word.found and word.found.label) for word in shown.sentence.words
    ]
    assert marks == [("nsubj → yeñ 2", "root → 0"), ("root → 0", "root → Ona 1")]


def test_gold_is_drawn_over_the_words_and_the_prediction_under_them():
    drawn = mistakes.draw(DrawnSpans(WORDS, {(0, 1): "PER", (2, 4): "LOC"}, {(0, 1): "PER", (2, 3): "LOC"}))
    marks = [(word.gold and word.gold.label, word.found and word.found.label) for word in drawn.words]
    assert marks == [("PER", "PER"), (None, None), ("LOC", "LOC"), ("", None), (None, None), (None, None)]
    first, place = drawn.words[0], drawn.words[2]
    assert first.gold and first.found and first.gold.right and first.found.right
    assert place.gold and place.found and not place.gold.right and not place.found.right
    assert (place.gold.ends, place.found.ends) == (False, True)


@given(st.integers(1, 300), st.integers(1, 30), st.data())
def test_of_a_long_sentence_the_words_around_the_first_mistake_are_drawn(count, length, data):
    at = data.draw(st.integers(0, count - 1))
    drawn = mistakes.draw(DrawnSpans(("x" * length,) * count, {(at, at + 1): "LOC"}, {}))
    assert drawn.before + len(drawn.words) + drawn.after == count
    assert drawn.before <= at < drawn.before + len(drawn.words)
    marked = [place for place, word in enumerate(drawn.words, start=drawn.before) if word.gold]
    assert marked == [at]


def test_the_page_shows_labels_and_mistakes_of_every_language(tmp_path):
    write_answers(tmp_path, "fao", "target", [(GOLD, FOUND)])
    shown = page(tmp_path, results())
    assert "Faroese own module · 1 of 1 example wrong" in shown.text
    assert "Spans by type" in shown.text and "What was taken for what" in shown.text
    assert "× ORG" in shown.text and "1 mistake" in shown.text
    assert "Nothing to show for" in shown.text and "no predictions/tha-target-0.jsonl" in shown.text


def test_a_run_without_gold_says_what_to_do(tmp_path):
    write_answers(tmp_path, "fao", "target", [(GOLD, FOUND)])
    content = results()
    content["cells"] = [own for own in content["cells"] if own["language"] in ("fao",)]
    (tmp_path / "gold" / "fao.jsonl").unlink()
    text = page(tmp_path, content).text
    assert "This run keeps no gold answers (gold/)" in text and "Run the recipe again" in text


def test_what_is_missing_differs_by_language(tmp_path):
    write_answers(tmp_path, "fao", "target", [(GOLD, FOUND)])
    (tmp_path / "gold" / "fao.jsonl").unlink()
    text = page(tmp_path, results()).text
    assert "Nothing to show for Faroese: no gold/fao.jsonl." in text
    assert "Nothing to show for Thai: no predictions/tha-target-0.jsonl." in text


@pytest.mark.parametrize("task", ["tagging", "pos", "intent-slots", "parsing"])
@pytest.mark.parametrize("side", [0, 1])
def test_without_an_answer_for_each_word_the_rows_do_not_fit(task, side):
    whole = {
        "tokens": ["a", "b"],
        "tags": ["O", "O"],
        "intent": "i",
        "heads": [0, 1],
        "relations": ["root", "x"],
    }
    keys = ("tags", "heads", "relations")
    rows = [dict(whole), dict(whole)]
    rows[side] |= {key: [*whole[key], whole[key][-1]] for key in keys}
    assert (answers(task, (whole, whole)).lost, answers(task, (rows[0], rows[1])).lost) == (0, 1)


def test_rows_that_do_not_fit_are_left_out_and_counted(tmp_path):
    write_answers(tmp_path, "fao", "target", [(GOLD, FOUND), (GOLD, FOUND | {"id": "b"})])
    with (tmp_path / "gold" / "fao.jsonl").open("a", encoding="utf-8") as file:
        file.write("{truncated\n")
    text = page(tmp_path, results()).text
    assert "1 of 1 example wrong" in text
    assert "Left out: 2 rows whose prediction and gold do not fit each other." in text


@pytest.mark.parametrize("task", TASKS)
@given(data=st.data())
def test_rows_of_any_content_are_compared_or_lost(task, data):
    """Whatever stands under the keys of any task, its own keys among them."""
    atoms = (
        st.none() | st.booleans() | st.integers(-2, 3) | st.floats() | st.sampled_from(["", "O", "B-X", "a"])
    )
    values = atoms | st.lists(atoms, max_size=3) | st.dictionaries(st.sampled_from("ab"), atoms)
    keys = ("tokens", "tags", "heads", "relations", "label", "labels", "intent", "scores", "intent_scores",
            "choices", "answer", "answers", "nbest")  # fmt: skip
    rows = data.draw(st.lists(st.tuples(*[st.dictionaries(st.sampled_from(keys), values)] * 2), min_size=1))
    found = answers(task, *rows)
    unlabelled = sum(not gold for gold, _ in rows)
    assert len(found.examples) + found.lost + unlabelled == len(rows)
    mistakes.build(found.examples)
    confusion.build(example.answers for example in found.examples)


class Rhymes(Classification):
    """A task from elsewhere, with keys and answers that no task of the package has."""

    name = "rhymes"

    def compare(self, gold, predicted):
        pairs = tuple(LabelPair(*pair) for pair in zip(gold["rhymes"], predicted["rhymes"], strict=True))
        sides = (tuple(map(ShownAnswer, row["rhymes"])) for row in (gold, predicted))
        right, own = sides
        return [Comparison(title="Rhymes by line", unit="lines", pairs=pairs, gold=right, predicted=own)]


@pytest.fixture
def rhymed(tmp_path):
    """A finished run of that task, with its answers in one language."""
    gold = {"id": "p1", "rhymes": ["a", "b", "a"]}
    found = {"id": "p1", "language": "fao", "poem": "Stjørnubjart", "rhymes": ["a", "b", "b"]}
    write_answers(tmp_path, "fao", "target", [(gold, found), ({"id": "p2"}, {"id": "p2", "rhymes": []})])
    return tmp_path


def test_a_task_from_elsewhere_says_what_the_page_shows_of_it(rhymed):
    xling.register(Rhymes())
    try:
        text = page(rhymed, results(task="rhymes")).text
    finally:
        TASKS.pop("rhymes")
    assert "Faroese own module · 1 of 1 example wrong" in text
    assert "Rhymes by line label precision recall F1 lines a 100.0 50.0 66.7 2 b 50.0 100.0 66.7 1" in text
    assert "1 mistake example p1 poem Stjørnubjart gold a b a predicted a b b" in text


def test_a_task_that_is_not_known_here_leaves_the_page_without_labels(rhymed):
    text = page(rhymed, results(task="rhymes")).text
    assert "Labels and mistakes are left out: no task is called 'rhymes' here." in text
    assert "Faroese fao · Latn 40.0" in text and "Rhymes by line" not in text
    assert text.count("no task is called") == 1


def test_what_the_data_say_is_escaped(tmp_path):
    evil = "<script>alert(1)</script>"
    gold = GOLD | {"id": evil, "tokens": [evil, *WORDS[1:]]}
    write_answers(tmp_path, "fao", "target", [(gold, gold | {"tags": FOUND["tags"]})])
    shown = page(tmp_path, results())
    assert "script" not in shown.tags and evil in shown.text


def test_every_metric_stands_beside_the_primary_one(tmp_path):
    content = results()
    for own in content["cells"]:
        own["all"] = {"f1": own["value"], "precision": 61.5}
    text = page(tmp_path, content).text
    assert "Every metric" in text and "Faroese 50.0 61.5 own module" in text


def test_the_ablation_has_a_verdict_for_every_condition(tmp_path):
    content = results()
    content["cells"].append(cell("fao", "removed", 33.0))
    content["gains"].append(
        {"language": "fao", "condition": "removed", "value": -7.0, "low": -9.0, "high": -5.0}
    )
    content["equivalence"] = [{"language": "fao", "condition": "target", "relative": 62.5, "absolute": -30.0}]
    shown = page(tmp_path, content)
    assert "Module removed: the task module learned on the source's language module" in shown.text
    assert "−7.0 −9.0 to −5.0 ▼ harms" in shown.text
    assert "How near each language comes to the source" in shown.text
    assert "Faroese 62% −30.0 own module" in shown.text


@given(st.lists(st.text(max_size=40), max_size=6))
def test_files_of_any_content_are_told_and_not_raised(tmp_path_factory, lines):
    folder = tmp_path_factory.mktemp("run")
    for name in ("predictions/fao-target-0.jsonl", "gold/fao.jsonl"):
        (folder / name).parent.mkdir()
        (folder / name).write_text("\n".join([*lines, json.dumps({"id": 1})]), encoding="utf-8")
    content = results()
    content["cells"] = [own for own in content["cells"] if own["language"] == "fao"]
    assert "Nothing to show for" in page(folder, content).text
