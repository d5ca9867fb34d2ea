"""Gold labels as predictions, where a data root is at hand (XLING_DATA): the test files come back."""

from __future__ import annotations

import csv
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from xling.data.conll import read_conll
from xling.errors import InputError
from xling.jobs.submit import submit
from xling.submission.xsid import utterances

ROOT = os.environ.get("XLING_DATA")  # before the fixtures take it away
needs_data = pytest.mark.skipif(not ROOT, reason="XLING_DATA is not set")


def submitted(
    task: str, test: Path, rows: list[dict[str, Any]], folder: Path
) -> tuple[bytes, dict[str, float]]:
    """The one file of the zip, and its scores."""
    predictions = folder / "predictions.jsonl"
    predictions.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (row,) = submit(task, [predictions], [test], out=folder / "x.zip")["files"]
    with zipfile.ZipFile(folder / "x.zip") as archive:
        return archive.read(row["name"]), row["scores"]


@needs_data
@pytest.mark.parametrize("code", ["de-st", "lt", "zh"])
def test_xsid(tmp_path: Path, code: str) -> None:
    test = Path(str(ROOT)) / f"xsid/{code}.test.conll"
    blocks = utterances(test.read_text(encoding="utf-8").split("\n"), test)
    rows = [
        {"id": block.id, "tokens": block.tokens, "tags": block.slots, "intent": block.spoken}
        for block in blocks
    ]
    data, scores = submitted("sid4lr", test, rows, tmp_path)
    assert data == test.read_bytes() and len(rows) == 500
    assert set(scores.values()) == {100.0}


@needs_data
@pytest.mark.parametrize("code", ["twi"])
def test_masakhaner(tmp_path: Path, code: str) -> None:
    test = Path(str(ROOT)) / f"masakhaner2/{code}/test.txt"
    sentences = read_conll(test, language=code)
    rows = [{"id": item.id, "language": code, "tokens": item.tokens, "tags": item.tags} for item in sentences]
    data, scores = submitted("masakhaner", test, rows, tmp_path)
    assert data == test.read_bytes() and scores == {"span_f1": 100.0}


@needs_data
def test_americasnli(tmp_path: Path) -> None:
    test = Path(str(ROOT)) / "americasnli/quy/test.tsv"
    with test.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    data, scores = submitted("americasnli", test, rows[::-1], tmp_path)
    assert scores == {"accuracy": 100.0}
    lines = test.read_text(encoding="utf-8").split("\n")
    assert data.decode("utf-8").split("\n") == [line.partition("\t")[2] for line in lines]


@needs_data
def test_a_test_file_whose_ids_were_dropped(tmp_path: Path) -> None:
    test = Path(str(ROOT)) / "afrisenti/hau/test.tsv"
    with pytest.raises(InputError, match=r"test.tsv:1: no column of the id in the header \(tweet, label\)"):
        submitted("afrisenti", test, [{"id": "1", "language": "hau", "label": "neutral"}], tmp_path)
