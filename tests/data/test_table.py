"""Tables: columns by name, quoting as csv has it, faults by line."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.generated import GENERATED
from support.task_files import read_as

from xling.data.examples import LabelledText
from xling.data.rows import Columns
from xling.errors import InputError

USUAL = Columns()
TOPIC = Columns(text="text", label="category", id="index_id")


def write(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("ending", ["tsv", "TSV", "tsv.gz"])
def test_quoted_fields_and_named_columns(tmp_path: Path, ending: str) -> None:
    text = '\ufeffindex_id\tcategory\ttext\r\n7\ttravel\t"He said ""go""\tnow"\r\n8\tsports\tplain\r\n'
    assert read_as(
        "classification", write(tmp_path / f"a.{ending}", text), language="eng", columns=TOPIC
    ) == [
        LabelledText('He said "go"\tnow', "travel", "7", "eng"),
        LabelledText("plain", "sports", "8", "eng"),
    ]


def test_json_lines_pairs_numbers_and_missing_gold(tmp_path: Path) -> None:
    rows = [{"a": "p", "b": "h", "y": 1, "id": 5}, {"a": "p2", "b": "h2", "y": None, "id": 6}]
    file = write(tmp_path / "a.jsonl", "\n\n".join(map(json.dumps, rows)))
    columns = Columns(text="a", pair="b", label="y", id="id")
    first, second = read_as("classification", file, language="eng", columns=columns, labels={"1": "entails"})
    assert (first.label, first.pair, first.id) == ("entails", "h", "5")
    assert second.label is None


def test_labels_are_one_in_either_unicode_form_and_may_hold_nul(tmp_path: Path) -> None:
    file = write(tmp_path / "a.tsv", "text\tlabel\nx\te\u0301\ny\t \u00e9 \nz\ta\0b\n")
    assert [row.label for row in read_as("classification", file, language="fra", columns=USUAL)] == [
        "\u00e9",
        "\u00e9",
        "a\0b",
    ]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "a.tsv",
            "text\tlabels\nx\ty\n",
            r"a.tsv:1: no column 'label'; choose from text, labels; name the column",
        ),
        ("a.tsv", "text\tlabel\nx\ty\nx\n", r"a.tsv:3: 1 columns where the header has 2"),
        ("a.csv", 'text,label\n"x,y\n', r"a.csv:2: cannot be split into columns: .*double quotes"),
        ("a.tsv", 'text\tlabel\n"x\nz\n', r"a.tsv:2: cannot be split into columns: .*double quotes"),
        ("a.tsv", "text\ttext\nx\ty\n", r"a.tsv:1: two columns are called 'text'"),
        ("a.tsv", "text\tlabel\n", r"a.tsv: no row with an example"),
        (
            "a.jsonl",
            '{"text": "x", "label": "y"}\n{"text": "x',
            r"a.jsonl:2: broken JSON: .*one whole JSON object",
        ),
        ("a.jsonl", '{"text": "x"}\n', r"a.jsonl:1: no column 'label'; choose from text"),
        (
            "a.jsonl",
            '{"text": ["x"], "label": "y"}\n',
            r"a.jsonl:1: the column 'text' holds \['x'\], no text",
        ),
        ("a.jsonl", '{"text": "\\ud800", "label": "y"}\n', r"a.jsonl:1: the column 'text' holds .*, no text"),
        ("a.jsonl", "[1]\n", r"a.jsonl:1: \[1\] is no JSON object"),
        ("a.xml", "<a/>", r"a.xml: no table by its ending; choose from .tsv"),
    ],
)
def test_faults_are_named_by_file_and_line(tmp_path: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_as("classification", write(tmp_path / name, text), language="eng", columns=USUAL)


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0\ufeff"), min_size=1, max_size=8)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_what_csv_writes_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows([("text", "label"), *rows])
    file = write(tmp_path_factory.mktemp("rows") / "a.tsv", text.getvalue())
    assert [row.text for row in read_as("classification", file, language="eng", columns=USUAL)] == [
        cell for cell, _ in rows
    ]


SCRAPS = st.text(st.sampled_from(list('textlabel\t\n"{}:,[]0é\0\r\ufeff')), max_size=40)


@GENERATED
@given(
    SCRAPS
    | SCRAPS.map(lambda text: f"text\tlabel\n{text}")
    | SCRAPS.map(lambda text: f'{{"text": "{text}"}}'),
    st.sampled_from([".tsv", ".csv", ".jsonl"]),
)
def test_any_file_is_rows_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, text: str, ending: str
) -> None:
    file = write(tmp_path_factory.mktemp("any") / f"a{ending}", text)
    try:
        rows = read_as("classification", file, language="eng", columns=USUAL)
    except InputError as error:
        assert str(file) in str(error) and "\n" not in str(error)
        return
    assert rows and all(isinstance(row.text, str) for row in rows)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=6,
    )
)
def test_any_json_is_rows_or_an_input_error(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    file = write(tmp_path_factory.mktemp("json") / "a.jsonl", json.dumps({"text": value, "label": value}))
    try:
        (row,) = read_as("classification", file, language="eng", columns=USUAL)
    except InputError as error:
        assert "a.jsonl:1" in str(error)
        return
    row.text.encode("utf-8")
