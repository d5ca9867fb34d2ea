"""Tables of texts with any number of labels."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.generated import GENERATED
from support.task_files import read_as

from xling.corpora.card import DataCard
from xling.corpora.source import read_card
from xling.data.examples import MultiLabelledText
from xling.data.rows import Columns
from xling.errors import InputError
from xling.tasks.reading import read_input, read_labelled


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all generated files: each is written over the one before."""
    return tmp_path_factory.mktemp("any")


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def labels(path: Path) -> list[tuple[str, ...] | None]:
    return [row.labels for row in read_labelled(path, task="multi-label", language="hau")]


def test_labels_in_one_column_by_bars_or_as_a_list(tmp_path: Path) -> None:
    text = 'id\ttext\tlabels\n7\tx\tjoy| fear |joy\n8\ty\t\n9\tz\t"[""joy"", ""u|v""]"\n'
    first, second, third = read_labelled(write(tmp_path / "a.tsv", text), task="multi-label", language="hau")
    assert first == MultiLabelledText("x", ("joy", "fear"), "7", "hau")
    assert second.labels == () and third.labels == ("joy", "u|v")


def test_json_rows_may_lack_gold(tmp_path: Path) -> None:
    rows = [{"text": "x", "labels": ["joy", 3]}, {"text": "y", "labels": None}, {"text": "z", "labels": []}]
    assert labels(write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)))) == [("joy", "3"), None, ()]


def test_a_column_for_each_label(tmp_path: Path) -> None:
    text = "id,text,anger,joy,stars\n1,x,0,1,1\n2,y,0.0,1.0,5\n3,z,0,0,4\n4,w,,,\n"
    with pytest.raises(InputError, match="no column of the labels in the header .*give each label a column"):
        labels(write(tmp_path / "a.csv", "id,text,stars\n1,x,5\n"))
    columns = Columns(text="text", id="id", labels=("anger", "joy"))
    file = write(tmp_path / "b.csv", text)
    found = read_as("multi-label", file, language="hau", columns=columns, labels={"joy": "happy"})
    assert [row.labels for row in found] == [("happy",), ("happy",), (), None]
    assert labels(write(tmp_path / "c.csv", text.replace("4,w,,,\n", ""))) == [("joy",), ("joy",), ()]


def test_a_card_names_the_columns(tmp_path: Path) -> None:
    facts = {"name": "mine", "title": "Mine", "task": "multi-label", "format": "table", "source": "here"}
    facts |= {"citation": "me", "licence": {"id": "MIT"}, "languages": {"hau": "ha"}, "splits": ("train",)}
    columns = {"text": "{upstream}_text", "labels": ("{upstream}_joy", "fear")}
    card = DataCard.model_validate({**facts, "layout": "{upstream}.tsv", "columns": columns})
    (found,) = read_card(card, write(tmp_path / "ha.tsv", "ha_text\tha_joy\tfear\nx\t1\t0\n"), language="hau")
    assert found == MultiLabelledText("x", ("ha_joy",), "0", "hau")


def test_texts_and_pairs_without_gold(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\n\ntwo\n")
    found = read_input(tmp_path / "a.txt", task="multi-label", language="hau")
    assert found[1] == MultiLabelledText("two", None, "1", "hau")
    file = write(tmp_path / "a.tsv", "premise\thypothesis\tjoy\nx\ty\t1\n")
    assert read_input(file, task="multi-label", language="hau") == [
        MultiLabelledText("x", None, "0", "hau", "y")
    ]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "a.tsv",
            "text\tlabels\nx\t[joy\n",
            r"a.tsv:2: the column 'labels' holds \[joy, no list of labels; sep",
        ),
        (
            "a.jsonl",
            '{"text": "x", "labels": {"joy": 1}}',
            "a.jsonl:1: the column 'labels' holds .*no list of",
        ),
        ("a.jsonl", '{"text": "x", "labels": [["joy"]]}', "a.jsonl:1: .*no list of labels"),
        ("a.jsonl", '{"text": ["x"], "labels": []}', r"a.jsonl:1: the column 'text' holds \['x'\], no text"),
        (
            "a.jsonl",
            '{"text": "x", "labels": []}\n{"text": "x"}',
            "a.jsonl:2: no column 'labels'; choose from",
        ),
        ("a.jsonl", "{}", "a.jsonl:1: no column of the text in the header"),
    ],
)
def test_faults_are_named_by_file_and_line(tmp_path: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        labels(write(tmp_path / name, text))


def test_a_flag_is_zero_or_one(tmp_path: Path) -> None:
    file = write(tmp_path / "a.tsv", "text\tjoy\tfear\nx\t1\t0\ny\t2\t0\n")
    with pytest.raises(InputError, match="a.tsv:3: the column 'joy' holds 2, neither 0 nor 1; name columns"):
        read_as("multi-label", file, language="hau", columns=Columns(labels=("joy", "fear")))


CELL = st.sampled_from(["joy", "joy|fear", "", "0", "1", "1.0", '["joy"]', "[1, [2]]", '"', "\t", "é", "\0"])
SCRAP = st.text(st.sampled_from(list('textlabs\t\n"{}:,[]01|é\0\r\ufeff')), max_size=40)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=5,
)
FILES = (
    st.tuples(
        st.just(".tsv"),
        st.lists(st.tuples(CELL, CELL, CELL).map("\t".join), max_size=4).map(
            lambda rows: "\n".join(["text\tlabels\tjoy", *rows])
        )
        | SCRAP,
    )
    | st.tuples(st.just(".csv"), SCRAP.map(lambda text: f"text,labels\n{text}"))
    | st.tuples(
        st.just(".jsonl"),
        st.lists(
            st.fixed_dictionaries({"text": VALUE, "labels": VALUE}, optional={"id": VALUE}).map(json.dumps),
            max_size=3,
        ).map("\n".join),
    )
)


@GENERATED
@given(
    FILES,
    st.none() | st.integers(0, 30),
    st.sampled_from([Columns(label="labels"), Columns(labels=("joy",))]),
)
def test_any_file_is_texts_or_an_input_error(
    folder: Path, made: tuple[str, str], byte: int | None, columns: Columns
) -> None:
    ending, text = made
    file = folder / f"a{ending}"
    data = text.encode()
    file.write_bytes(data if byte is None else data[:byte] + b"\xff" + data[byte:])
    for find in (
        lambda: read_as("multi-label", file, language="hau", columns=columns),
        lambda: read_labelled(file, task="multi-label", language="hau"),
    ):
        try:
            rows = find()
        except InputError as error:
            assert str(file) in str(error) and "\n" not in str(error)
            continue
        assert rows and all(row.labels is None or len(set(row.labels)) == len(row.labels) for row in rows)
