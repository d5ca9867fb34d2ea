"""Questions with spans of their contexts: SQuAD's JSON, a question a line, and the Hub's rows."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.generated import DAMAGE, GENERATED, as_bytes
from support.task_files import of_hub, read_as

from xling.corpora.card import DataCard
from xling.corpora.source import group_of, read_card
from xling.data.examples import Question
from xling.errors import InputError
from xling.tasks.reading import read_input, read_labelled

CONTEXT = "Amina anaishi Nairobi. \U0001f600 Juma anaishi Moshi."
ROW = {"context": CONTEXT, "question": "Nani?", "answers": [{"answer_start": 25, "text": "Juma"}]}


def document(**changes: Any) -> dict[str, Any]:
    """Two articles with a question each; changes: keys of the first question, None to take one away."""
    first = {"id": "a1", "question": "Nani?", "answers": [{"answer_start": 0, "text": "Amina"}]}
    second = {"id": "b1", "question": "Wapi?", "answers": [{"answer_start": 38, "text": "Moshi"}] * 2}
    first = {key: value for key, value in {**first, **changes}.items() if value is not None}
    return {
        "version": "1.1",
        "data": [
            {"title": "Kenya", "paragraphs": [{"context": CONTEXT, "qas": [first]}]},
            {"title": "A/B", "paragraphs": [{"context": CONTEXT, "qas": [second]}]},
        ],
    }


def write(folder: Path, value: object, name: str = "x.json") -> Path:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def test_articles_become_questions_with_ids_by_title(tmp_path: Path) -> None:
    found = read_as("question-answering", write(tmp_path, document()), language="swh")
    assert found == [
        Question(CONTEXT, "Nani?", ((0, "Amina"),), "Kenya/a1", "swh"),
        Question(CONTEXT, "Wapi?", ((38, "Moshi"), (38, "Moshi")), "A/B/b1", "swh"),
    ]
    assert [group_of(one) for one in found] == ["Kenya", "A/B"]
    untitled = document()
    del untitled["data"][0]["title"]
    (tmp_path / "y.json.gz").write_bytes(gzip.compress(json.dumps(untitled, indent=1).encode()))
    assert read_as("question-answering", tmp_path / "y.json", language="swh")[0].id == "0/a1"


def test_lines_may_have_ids_and_languages(tmp_path: Path) -> None:
    rows = [
        ROW,
        {**ROW, "id": 7, "language": "eng"},
        {**ROW, "answers": {"answer_start": [0], "text": ["A"]}},
    ]
    path = write(tmp_path, "\n".join(map(json.dumps, rows)), "x.jsonl")
    found = read_labelled(path, task="question-answering", language="swh")
    assert found == [
        Question(CONTEXT, "Nani?", ((25, "Juma"),), "0", "swh"),
        Question(CONTEXT, "Nani?", ((25, "Juma"),), "7", "eng"),
        Question(CONTEXT, "Nani?", ((0, "A"),), "2", "swh"),
    ]


def test_what_is_asked_needs_no_answers(tmp_path: Path) -> None:
    path = write(tmp_path, json.dumps({"context": "x", "question": "y"}), "x.ndjson")
    assert read_input(path, task="question-answering", language="swh") == [
        Question("x", "y", None, "0", "swh")
    ]
    found = read_input(write(tmp_path, document(answers=[7])), task="question-answering", language="swh")
    assert [one.answers for one in found if isinstance(one, Question)] == [None, None]


def test_a_card_reads_it(tmp_path: Path) -> None:
    facts = {"name": "mine", "title": "Mine", "task": "question-answering", "format": "squad"}
    facts |= {"source": "here", "citation": "me", "licence": {"id": "MIT"}, "layout": "{upstream}.json"}
    card = DataCard.model_validate({**facts, "languages": {"swh": "sw"}, "splits": ("test",)})
    assert len(read_card(card, write(tmp_path, document()), language="swh")) == 2


def test_rows_of_a_table_are_grouped_by_title_or_context() -> None:
    rows = [ROW, {**ROW, "context": CONTEXT + "!"}, ROW, {**ROW, "title": "Kenya", "id": "q"}]
    found = of_hub("question-answering", rows)
    assert [one.id for one in found] == ["0/0", "1/1", "0/2", "Kenya/q"]
    with pytest.raises(InputError, match="hub: no column 'question'; choose from context"):
        of_hub("question-answering", [ROW, {"context": "x"}])


def without(key: str, *path: Any) -> dict[str, Any]:
    value = found = copy.deepcopy(document())
    for step in path:
        found = found[step]
    del found[key]
    return value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (
            json.dumps(document(), indent=1)[:-40],
            r"x.json:\d+: broken JSON at column \d+: .*; fetch it again: it may be cut short",
        ),
        (
            json.dumps(ROW) + "\n" + json.dumps(ROW),
            "x.json:2: broken JSON .*end the name of JSON lines in .jsonl",
        ),
        ([], r"x.json: \[\] is no JSON object; SQuAD is data / paragraphs / qas"),
        (ROW, "x.json: 'data' is missing; there are context, question, answers"),
        ({"data": {"a": 1}}, "x.json: data: {'a': 1} is no list"),
        ({"data": []}, "x.json: no row with an example"),
        ({"data": [3]}, r"x.json: data\[0\]: 3 is no JSON object"),
        (without("paragraphs", "data", 1), r"x.json: data\[1\]: 'paragraphs' is missing; there are title"),
        (
            without("context", "data", 1, "paragraphs", 0),
            r"data\[1\]\.paragraphs\[0\]: 'context' is missing; there are qas",
        ),
        (
            document(id=None),
            r"data\[0\]\.paragraphs\[0\]\.qas\[0\]: 'id' is missing; there are question, ans",
        ),
        (document(question=["x"]), r"qas\[0\]\.question: \['x'\] is no text"),
        (document(question=" "), r"qas\[0\]\.question: the text is blank"),
        (
            document(id="b1"),
            r"data\[1\]\.\S+: the id b1 stands at data\[0\]\.paragraphs\[0\]\.qas\[0\] already",
        ),
        (document(answers=None), r"question a1 has no answers; leave it out: questions without an answer"),
        (document(answers=[]), "question a1 has no answers"),
        (document(answers="Amina"), r"qas\[0\]\.answers: Amina is no list"),
        (document(answers=[{"text": "Amina"}]), "question a1: answer_start is None, no number of a char"),
        (document(answers=[{"text": "Amina", "answer_start": True}]), "answer_start is True, no number"),
        (document(answers=[{"text": "Amina", "answer_start": -5}]), "answer_start is -5, no number"),
        (document(answers=[{"answer_start": 0}]), r"answers\[0\]: 'text' is missing; there are answer_start"),
        (
            document(answers=[{"text": "Juma", "answer_start": 26}]),
            r"answers\[0\]: question a1: at character 26 stands 'uma ', not the answer 'Juma'; "
            r"answer_start counts characters .* from zero; the text stands at 25",
        ),
        (
            document(answers=[{"text": "Asha", "answer_start": 900}]),
            "at character 900 stands '', not the answer 'Asha'; answer_start counts characters .* zero$",
        ),
        (
            document(answers={"text": ["a"], "answer_start": []}),
            "question a1 has 0 places for 1 answers",
        ),
    ],
)
def test_faults_are_named_by_their_place(tmp_path: Path, value: object, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_as("question-answering", write(tmp_path, value), language="swh")
    assert "\n" not in str(caught.value) and str(tmp_path / "x.json") in str(caught.value)


def test_faults_of_lines_are_named_by_line(tmp_path: Path) -> None:
    path = write(tmp_path, "\n".join(map(json.dumps, [{**ROW, "id": 3}, {**ROW, "id": "3"}])), "x.jsonl")
    with pytest.raises(InputError, match="x.jsonl:2: the id 3 stands at line 1 already"):
        read_as("question-answering", path, language="swh")
    with pytest.raises(
        InputError, match="x.tsv: no file of question-answering by its ending; choose from .jsonl"
    ):
        read_as("question-answering", write(tmp_path, "x", "x.tsv"), language="swh")


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 50) | st.sampled_from(["Amina", "Juma", "", "a1", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["text", "answer_start", "qas", "context"]), inner, max_size=2)
    ),
    max_leaves=4,
)
STEPS = st.sampled_from(
    [
        "data",
        "paragraphs",
        "qas",
        "answers",
        "context",
        "id",
        "question",
        "title",
        "text",
        "answer_start",
        0,
        1,
    ]
)


def mangled(value: Any, path: list[Any], new: Any, cut: bool) -> Any:
    """The value with what lies at a path, as far as it goes, replaced or taken away."""
    if not path:
        return new
    step, *rest = path
    reached = (
        isinstance(value, dict) and step in value or isinstance(value, list) and step in range(len(value))
    )
    if not reached:
        return mangled(value, rest, new, cut)
    changed = copy.copy(value)
    if cut and not rest:
        del changed[step]
    else:
        changed[step] = mangled(value[step], rest, new, cut)
    return changed


FULL_PATH = st.sampled_from(
    [
        ["data"],
        ["data", 1],
        ["data", 0, "paragraphs", 0, "qas", 0, "answers", 0, "text"],
        ["data", 0, "paragraphs", 0, "qas", 0, "answers", 0, "answer_start"],
        ["data", 1, "paragraphs", 0, "context"],
    ]
)
DOCUMENTS = st.builds(
    lambda path, new, cut: json.dumps(mangled(document(), path, new, cut)),
    FULL_PATH | st.lists(STEPS, max_size=9),
    VALUE,
    st.booleans(),
)
INTACT = st.builds(lambda indent: json.dumps(document(), indent=indent), st.none() | st.just(1))
LINES = st.lists(
    st.dictionaries(
        st.sampled_from(["id", "context", "question", "answers", "language"]), VALUE, max_size=1
    ).map(lambda changes: json.dumps({**ROW, **changes})),
    max_size=3,
).map("\n".join)
SCRAP = st.text(st.sampled_from(list('data:[]{}",0é\n\0\ufeff')), max_size=30)


@GENERATED
@given(
    st.tuples(st.just("x.json"), INTACT | DOCUMENTS | SCRAP)
    | st.tuples(st.just("x.jsonl"), LINES | LINES | SCRAP),
    DAMAGE,
    st.booleans(),
)
def test_any_file_is_questions_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory,
    made: tuple[str, str],
    damage: tuple[int, bytes] | None,
    labelled: bool,
) -> None:
    name, text = made
    file = tmp_path_factory.mktemp("any") / name
    file.write_bytes(as_bytes(text, damage))
    try:
        found = read_as("question-answering", file, language="swh", gold=labelled)
    except InputError as error:
        assert str(file) in str(error) and "\n" not in str(error)
        str(error).encode()
        return
    assert found and len({one.id for one in found}) == len(found)
    for one in found:
        assert one.context and one.question and bool(one.answers) == labelled
        for start, answer in one.answers or ():
            assert answer and one.context[start : start + len(answer)] == answer
