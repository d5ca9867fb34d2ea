"""Candidates to rank: JSON rows, faults by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.generated import GENERATED

from xling.data.parallel import RetrievalQuestion, read_candidates
from xling.errors import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all generated files: each is written over the one before."""
    return tmp_path_factory.mktemp("any")


def test_rows(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps({"query": "amka", "candidates": ["sleep", "wake"], "right": 1}))
    assert read_candidates(file) == [RetrievalQuestion("amka", ("sleep", "wake"), 1)]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            {"query": "a", "candidates": ["b", "c"]},
            "a.jsonl:1: not a row with a query, two candidates or more",
        ),
        ({"query": "a", "candidates": ["b"], "right": 0}, "a.jsonl:1: not a row with a query"),
        (
            {"query": "a", "candidates": ["b", "c"], "right": 2},
            "a.jsonl:1: the right candidate is number 2 of 2",
        ),
    ],
)
def test_faults(tmp_path: Path, row: dict[str, object], words: str) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    with pytest.raises(InputError, match=words):
        read_candidates(tmp_path / "a.jsonl")
    (tmp_path / "a.tsv").write_text("a\tb\n")
    with pytest.raises(InputError, match="a.tsv: no JSON lines by its ending; choose from .jsonl"):
        read_candidates(tmp_path / "a.tsv")


VALUE = st.none() | st.booleans() | st.integers(-1, 3) | st.text(max_size=3)
ROW = st.dictionaries(
    st.sampled_from(["query", "candidates", "right"]), VALUE | st.lists(VALUE, max_size=3), max_size=3
)


@GENERATED
@given(st.lists(ROW.map(json.dumps) | st.text(max_size=6), max_size=3))
def test_any_file_is_rows_or_an_input_error(folder: Path, lines: list[str]) -> None:
    file = folder / "a.jsonl"
    file.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    try:
        rows = read_candidates(file)
    except InputError as error:
        assert str(file) in str(error) and "\n" not in str(error)
        return
    assert rows and all(0 <= row.right < len(row.candidates) for row in rows)
