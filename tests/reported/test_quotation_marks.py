"""Lines as cells: quoting as csv and pandas write it, and no row lost to a lone quotation mark."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.task_files import read_as

from xling.data.parallel import read_parallel
from xling.data.rows import Columns, read_rows
from xling.errors import InputError

READ = {
    # source: what was given, the rows that are right
    "datasets #1763: a lone mark at the start": (
        'text\tlabel\n"Habari yako\tpos\nnzuri\tneg\nsana\tpos\nakasema "kwaheri"\tneg\n',
        [('"Habari yako', "pos"), ("nzuri", "neg"), ("sana", "pos"), ('akasema "kwaheri"', "neg")],
    ),
    "tatoeba2 #2973: closed by a mark at the end of a later cell": (
        'text\tlabel\n"Habari\tpos\nnzuri\tneg\nsana\tpos\nkwaheri"\tneg\n',
        [('"Habari', "pos"), ("nzuri", "neg"), ("sana", "pos"), ('kwaheri"', "neg")],
    ),
    "two lone marks": ('text\tlabel\n"a\tx\n"b\ty\n', [('"a', "x"), ('"b', "y")]),
    "a mark alone": ('text\tlabel\n"\tx\nb\ty\n', [('"', "x"), ("b", "y")]),
    "in the last column": ('label\ttext\nx\t"a\ny\tb"\n', [("x", '"a'), ("y", 'b"')]),
    "in the header": ('"text\tlabel\na\tx\n', [("a", "x")]),
    "one column": ('text\n"a\nb"\n', [('"a',), ('b"',)]),
    "pandas: doubled marks and a tab": (
        'text\tlabel\n"she said ""go""\tnow"\tx\nb\ty\n',
        [('she said "go"\tnow', "x"), ("b", "y")],
    ),
    "pandas: a text of two lines": ('text\tlabel\n"a\nb"\tx\nc\ty\n', [("a\nb", "x"), ("c", "y")]),
    "pandas: a text of three lines": ('text\tlabel\n"a\n\nb"\tx\nc\ty\n', [("a\n\nb", "x"), ("c", "y")]),
    "pandas: two lines at the end": ('label\ttext\nx\t"a\nb"\ny\tc\n', [("x", "a\nb"), ("y", "c")]),
    "a quoted field beside a lone mark": (
        'text\tlabel\n"a\tb"\tx\n"c\ty\nd"\tz\n',
        [("a\tb", "x"), ('"c', "y"), ('d"', "z")],
    ),
}


@pytest.mark.parametrize(("text", "right"), READ.values(), ids=READ)
def test_rows_of_tsv(tmp_path: Path, text: str, right: list[tuple[str, ...]]) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(text, encoding="utf-8")
    assert [tuple(row.cells.values()) for row in read_rows(path)] == right


CSV = {
    "a comma of prose": ('text,label\n"a, b\nc",x\nd,y\n', [("a, b\nc", "x"), ("d", "y")]),
    "doubled marks": ('text,label\n"a ""b"", c",x\n', [('a "b", c', "x")]),
}


@pytest.mark.parametrize(("text", "right"), CSV.values(), ids=CSV)
def test_rows_of_csv(tmp_path: Path, text: str, right: list[tuple[str, ...]]) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    assert [tuple(row.cells.values()) for row in read_rows(path)] == right


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "a.csv",
            'text,label\n"a,x\nb,y\nc",z\n',
            r"a.csv:2: a quoted field runs on to line 4, .* 2 columns",
        ),
        ("a.tsv", 'text\tlabel\n"a\nb\tx\nc"\ty\n', r"a.tsv:2: a quoted field runs on to line 4"),
        ("a.tsv", "text\tlabel\na\tx\nb\n", r"a.tsv:3: 1 columns where the header has 2"),
    ],
)
def test_rows_that_may_be_lost_are_named(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        list(read_rows(tmp_path / name))


def test_every_table_reads_them(tmp_path: Path) -> None:
    def file(name: str, *lines: str) -> Path:
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        return tmp_path / name

    pairs = file("pairs.tsv", "swh\teng", '"habari\t"hello', "nzuri\tgood", 'sana"\tvery"')
    assert read_parallel(pairs, language="swh")[0] == ('"habari', '"hello')
    assert len(read_parallel(pairs, language="swh")) == 3
    labels = file("labels.tsv", "text\tjoy\tfear", '"a\t1\t0', "b\t0\t1", 'c"\t1\t1')
    flags = Columns(labels=("joy", "fear"))
    assert [row.labels for row in read_as("multi-label", labels, language="swh", columns=flags)] == [
        ("joy",), ("fear",), ("joy", "fear"),
    ]  # fmt: skip
    choices = file("choices.tsv", "premise\tquestion\tchoice1\tchoice2\tlabel", '"a\tcause\tb\tc\t0',
                   'd\tcause\te"\tf\t1')  # fmt: skip
    assert len(read_as("multiple-choice", choices, language="swh")) == 2


@pytest.mark.parametrize("name", ["a.tsv", "a.csv", "a.jsonl"])
def test_coqui_stt_2321_a_long_cell_is_read(tmp_path: Path, name: str) -> None:
    long = "habari, " * 30_000
    text = {"a.tsv": f"text\tlabel\n{long}\tx\n", "a.csv": f'text,label\n"{long}",x\n'}
    (tmp_path / name).write_text(text.get(name, f'{{"text": "{long}", "label": "x"}}\n'), encoding="utf-8")
    (row,) = read_as("classification", tmp_path / name, columns=Columns())
    assert row.text == long


CELLS = st.text(st.sampled_from('ab",\t\n '), max_size=6)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=4), st.sampled_from("\t,"))
def test_what_csv_writes_is_read_again_where_lines_do_not_look_like_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], delimiter: str
) -> None:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, lineterminator="\n").writerows([("x", "y", "z"), *rows])
    lines = written.getvalue().splitlines()
    assume(all(line.count(delimiter) != 2 or line.count('"') % 2 == 0 for line in lines))
    path = tmp_path_factory.mktemp("rows") / ("a.tsv" if delimiter == "\t" else "a.csv")
    path.write_text(written.getvalue(), encoding="utf-8")
    assert [tuple(row.cells.values()) for row in read_rows(path)] == rows
