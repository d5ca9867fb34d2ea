"""Plain text: what comes out of files and folders, and what is said when they are faulty."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.generated import GENERATED

from xling.data.text import deduplicate, hold_out, read_text
from xling.errors import InputError


def test_files_and_folders_give_collapsed_lines(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_bytes("\ufeffone \t two\r\n\r\n  \nthree".encode())
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "c.txt.gz").write_bytes(gzip.compress(b"four\n"))
    (tmp_path / "deep" / "swh.gz").write_bytes(gzip.compress(b"five\n"))
    (tmp_path / "notes.md").write_text("not text for us")
    assert read_text([tmp_path]) == ["one two", "three", "four", "five"]
    assert read_text([tmp_path / "deep" / "er" / "c.txt"]) == ["four"]
    assert read_text([tmp_path / "b.txt.gz"]) == ["one two", "three"]


def test_a_byte_that_is_not_utf8_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "latin.txt"
    file.write_bytes("sein\nist\nschön\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"latin.txt:3: not UTF-8: byte 0xf6; convert the file to UTF-8"):
        read_text([file])
    file.write_bytes("ab".encode("utf-16"))
    with pytest.raises(InputError, match=r"latin.txt:1: not UTF-8 \(but UTF-16\?\): byte 0xff"):
        read_text([file])


@pytest.mark.parametrize("content", [b"", b"\n \n\t\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "void.txt").write_bytes(content)
    with pytest.raises(InputError, match="void.txt: the file is empty"):
        read_text([tmp_path])


def test_missing_and_damaged_files(tmp_path: Path) -> None:
    (tmp_path / "swahili.txt").write_text("habari\n")
    with pytest.raises(
        InputError, match="swahilli.txt: no such file; choose from swahili.txt; check the path"
    ):
        read_text([tmp_path / "swahilli.txt"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty: no .txt or .gz file in this folder"):
        read_text([tmp_path / "empty"])
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(b"habari " * 100)[:-9])
    with pytest.raises(InputError, match="cut.txt.gz: not a whole gzip file"):
        read_text([tmp_path / "cut.txt.gz"])
    with pytest.raises(InputError, match="cannot be opened: File name too long"):
        read_text([tmp_path / ("x" * 300)])


@GENERATED
@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_are_text_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, packed: bool
) -> None:
    file = tmp_path_factory.mktemp("any") / ("x.txt.gz" if packed else "x.txt")
    file.write_bytes(data)
    try:
        lines = read_text([file])
    except InputError as error:
        assert str(file) in str(error)
        return
    assert lines == [" ".join(line.split()) for line in lines] and all(lines)


LINES = st.lists(st.text("abc", min_size=1, max_size=3), max_size=60)


@given(LINES, st.integers(0, 20), st.integers(0, 3))
def test_held_out_lines_are_apart_few_and_chosen_by_content(lines: list[str], count: int, seed: int) -> None:
    rest, held = hold_out(lines, count, seed)
    assert not set(rest) & set(held)
    assert set(rest) | set(held) == set(lines)
    assert len(held) == len(set(held)) == min(count, len(set(lines)) // 10)
    assert set(held) == set(hold_out(lines[::-1], count, seed)[1])


def test_another_seed_holds_out_other_lines() -> None:
    lines = [f"line {number}" for number in range(100)]
    assert hold_out(lines, 5, 0)[1] != hold_out(lines, 5, 1)[1]
    assert deduplicate(["b", "a", "b"]) == ["b", "a"]
