"""Multiple choice: layouts by their columns, labels within the choices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.generated import DAMAGE, GENERATED, as_bytes
from support.task_files import read_as

from xling.corpora.card import DataCard
from xling.corpora.source import read_card
from xling.data.examples import Choice
from xling.errors import InputError
from xling.tasks.reading import read_input, read_labelled

COPA = {"premise": "Amina alianguka.", "choice1": "Alilia.", "choice2": "Alilala.", "question": "effect"}
COPA |= {"label": 0, "idx": 4, "changed": False}
ANSWERS = {f"mc_answer{number}": f"jibu {number}" for number in range(1, 5)}
BELEBELE = {"link": "x", "question_number": "1", "flores_passage": "Habari.", "question": "Nini?", **ANSWERS}
BELEBELE |= {"correct_answer_num": "4"}
OWN = {"context": "Habari.", "question": "Nini?", "choices": ["moja", "mbili", 3], "label": 2, "id": "q"}


def write(folder: Path, *rows: dict[str, Any], name: str = "x.jsonl") -> Path:
    path = folder / name
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_three_layouts(tmp_path: Path) -> None:
    assert read_as("multiple-choice", write(tmp_path, COPA), language="swh") == [
        Choice("Amina alianguka.", "effect", ("Alilia.", "Alilala."), 0, "4", "swh")
    ]
    second = {**BELEBELE, "correct_answer_num": 1, "question_number": "2"}
    other = {**BELEBELE, "flores_passage": "Kwaheri."}
    found = read_as("multiple-choice", write(tmp_path, BELEBELE, second, other), language="swh")
    assert found[0] == Choice("Habari.", "Nini?", tuple(ANSWERS.values()), 3, "0/0", "swh")
    assert [(one.id, one.label) for one in found[1:]] == [("0/1", 0), ("1/2", 3)]
    (own,) = read_labelled(write(tmp_path, OWN), task="multiple-choice", language="swh")
    assert own == Choice("Habari.", "Nini?", ("moja", "mbili", "3"), 2, "q", "swh")


def test_tables_and_rows_without_gold(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text("idx\tpremise\tquestion\tchoice1\tchoice2\tlabel\n9\ta\tcause\tb\tc\t1\n")
    assert read_as("multiple-choice", path, language="swh") == [
        Choice("a", "cause", ("b", "c"), 1, "9", "swh")
    ]
    bare = {key: value for key, value in COPA.items() if key not in ("label", "idx")}
    for rows in ([bare], [{**bare, "label": -1}]):
        (found,) = read_input(write(tmp_path, *rows), task="multiple-choice", language="swh")
        assert found == Choice("Amina alianguka.", "effect", ("Alilia.", "Alilala."), None, "0/0", "swh")


def test_a_card_reads_it(tmp_path: Path) -> None:
    facts = {"name": "mine", "title": "Mine", "task": "multiple-choice", "format": "choices"}
    facts |= {"source": "here", "citation": "me", "licence": {"id": "MIT"}, "layout": "{upstream}.jsonl"}
    card = DataCard.model_validate({**facts, "languages": {"swh": "sw"}, "splits": ("test",)})
    assert [one.id for one in read_card(card, write(tmp_path, COPA), language="swh")] == ["4"]


def lacking(row: dict[str, Any], *columns: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in columns}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{**COPA, "label": 2}], "x.jsonl:1: label is 2, outside the choices; choose from 0, 1"),
        ([COPA, {**COPA, "idx": 5, "label": None}], "x.jsonl:2: label is None, outside the choices"),
        ([{**COPA, "label": True}], "label is True, outside the choices"),
        ([{**BELEBELE, "correct_answer_num": "0"}], "correct_answer_num is 0, outside .*from 1, 2, 3, 4"),
        ([{**OWN, "label": 3}], "label is 3, outside the choices; choose from 0, 1, 2"),
        ([COPA, COPA], "x.jsonl:2: the id 4 stands in line 1 already"),
        ([{**COPA, "idx": [1]}], r"x.jsonl:1: \[1\] is no id"),
        (
            [lacking(COPA, "choice2", "label")],
            "x.jsonl:1: no column 'choice2', 'label' among premise, choice1",
        ),
        (
            [COPA, lacking(COPA, "label")],
            "x.jsonl:2: no column 'label' among .*multiple choice are premise, qu",
        ),
        ([lacking(BELEBELE, "mc_answer3")], "no column 'mc_answer3' among link, question_number"),
        ([{}], "x.jsonl:1: no column .* among none"),
        ([{**COPA, "premise": ["x"]}], r"the column 'premise' holds \['x'\], no text"),
        ([{**COPA, "choice2": " "}], "choice1, choice2 hold .*, not two choices or more"),
        ([{**OWN, "choices": ["x"]}], r"choices hold \['x'\], not two choices or more"),
        ([{**OWN, "choices": "xy"}], "choices hold xy, not two choices or more"),
    ],
)
def test_faults_are_named_by_file_and_line(tmp_path: Path, rows: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_as("multiple-choice", write(tmp_path, *rows), language="swh")


def test_faults_of_tables_are_named_by_the_header(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("premise,question,choice1,label\na,cause,b,1\n")
    with pytest.raises(
        InputError, match="x.csv:1: no column 'choice2' among premise, question, choice1, lab"
    ):
        read_as("multiple-choice", path, language="swh")
    path.write_text("premise,question,choice1,choice2,label\n")
    with pytest.raises(InputError, match="x.csv: no row with an example"):
        read_as("multiple-choice", path, language="swh")


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 5) | st.sampled_from(["0", "1", "4", "", "effect", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("a"), inner, max_size=1),
    max_leaves=4,
)


def damaged(row: dict[str, Any]) -> st.SearchStrategy[str]:
    """A row with some cells of another type, and some left out."""
    names = st.sampled_from(list(row))
    return st.builds(
        lambda changes, left_out: json.dumps(lacking({**row, **changes}, *left_out)),
        st.dictionaries(names, VALUE, max_size=1),
        st.sets(names, max_size=1),
    )


SCRAP = st.text(st.sampled_from(list('premise\t\n"{}:,[]01é\0\r\ufeff')), max_size=30)
JSON_ROWS = st.sampled_from([*map(json.dumps, (COPA, BELEBELE, OWN))]) | st.one_of(
    *map(damaged, (COPA, BELEBELE, OWN))
)
CELL = st.sampled_from(["0", "1", "a", "", " ", '"', "é", "\0"])
TABLES = st.lists(st.lists(CELL, min_size=4, max_size=6).map("\t".join), max_size=3).map(
    lambda rows: "\n".join(["premise\tquestion\tchoice1\tchoice2\tlabel", *rows])
)


@GENERATED
@given(
    st.tuples(
        st.just("x.jsonl"), (st.lists(JSON_ROWS, max_size=3) | st.lists(SCRAP, max_size=2)).map("\n".join)
    )
    | st.tuples(st.just("x.tsv"), TABLES | SCRAP),
    DAMAGE,
    st.booleans(),
)
def test_any_file_is_choices_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory,
    made: tuple[str, str],
    damage: tuple[int, bytes] | None,
    labelled: bool,
) -> None:
    name, text = made
    file = tmp_path_factory.mktemp("any") / name
    file.write_bytes(as_bytes(text, damage))
    try:
        found = read_as("multiple-choice", file, language="swh", gold=labelled)
    except InputError as error:
        assert str(file) in str(error) and "\n" not in str(error)
        str(error).encode()
        return
    assert found and len({one.id for one in found}) == len(found)
    for one in found:
        assert len(one.choices) > 1 and all(choice.strip() for choice in one.choices)
        assert one.label in range(len(one.choices)) if labelled else one.label is None
