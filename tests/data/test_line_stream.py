"""Reading line by line gives what reading at once gives, and readers read no further than asked."""

from __future__ import annotations

import gzip
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xling.data import line_stream
from xling.data.cells import cell_records
from xling.data.line_stream import read_lines, stream_lines
from xling.errors import InputError
from xling.tasks.reading import stream_input

SCRAPS = (
    b"a",
    b"\n",
    b"\n",
    b"\r",
    b"\r\n",
    b" ",
    "\u2028".encode(),
    b"\xff",
    b"\xe2\x82",
    b"\xc2\xa0",
    b"\x1f\x8b",
)


def outcome(read, path: Path) -> list[str] | str:
    try:
        return list(read(path))
    except InputError as error:
        return str(error)


@given(st.lists(st.sampled_from(SCRAPS)).map(b"".join), st.booleans(), st.integers(1, 9))
@example(b"\xef\xbb\xbfa\nb", False, 1)
def test_streamed_lines_are_those_of_the_file(tmp_path_factory, content: bytes, pack: bool, size: int):
    path = tmp_path_factory.mktemp("any") / ("a.gz" if pack else "a")
    path.write_bytes(gzip.compress(content) if pack else content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_stream, "_BLOCK_LINES", size)
        assert outcome(stream_lines, path) == outcome(read_lines, path)


def test_a_cut_gzip_file(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"amina\n" * 1000)[:-9])
    with pytest.raises(InputError, match="a.gz: not a whole gzip file; fetch or pack it again"):
        list(stream_lines(path))


@pytest.mark.parametrize(("task", "name", "row", "bad"), [
    ("tagging", "a.conll", "amina O\n\n", "\t O\n"),
    ("tagging", "a.jsonl", '{"text": "amina"}\n', "{\n"),
    ("pos", "a.conllu", "1\tamina" + 8 * "\t_" + "\n\n", "1\n"),
    ("parsing", "a.jsonl", '{"text": "amina"}\n', "{\n"),
    ("classification", "a.tsv", "text\n", "a\tb\n"),
    ("classification", "a.csv", "text\n", "a,b\n"),
    ("multi-label", "a.jsonl", '{"text": "amina"}\n', "{\n"),
    ("intent-slots", "a.conll", "1\tamina\n\n", "amina\n"),
    ("multiple-choice", "a.jsonl", '{"context": "a", "question": "b", "choices": ["c", "d"]}\n', "{\n"),
    ("question-answering", "a.jsonl", '{"context": "a", "question": "b"}\n', "{\n"),
])  # fmt: skip
def test_examples_come_before_the_bad_line_is_reached(tmp_path, task, name, row, bad):
    path = tmp_path / name
    path.write_text(row * 3 + bad)
    found = stream_input(path, task=task, language="swh")
    assert len(list(islice(found, 2))) == 2
    with pytest.raises(InputError, match=rf"{name}:\d+: "):
        list(found)


def test_an_open_quotation_mark_takes_in_no_long_file():
    taken: list[int] = []

    def lines():
        yield "text\tlabel"
        for number in range(30_000):
            taken.append(number)
            yield f'"open\t{number}'

    assert next(islice(cell_records(lines(), "\t", where="a.tsv"), 1, None)) == (2, ['"open', "0"])
    assert len(taken) <= 10_001
