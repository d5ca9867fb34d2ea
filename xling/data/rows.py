"""Rows of a table by column: TSV and CSV, and JSON lines."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from xling.data.cells import cell_records, shown
from xling.data.textfile import ending, find, read_lines
from xling.errors import InputError

TableFormat = Literal["tsv", "csv", "jsonl"]
_DELIMITERS: Mapping[str, str] = {"tsv": "\t", "csv": ","}
JSON_ENDINGS = (".jsonl", ".json", ".ndjson")
_ENDINGS: Mapping[str, TableFormat] = {
    ".tsv": "tsv",
    ".txt": "tsv",
    ".csv": "csv",
    **dict.fromkeys(JSON_ENDINGS, "jsonl"),
}

Row = tuple[int, dict[str, Any]]  # (line, cells by column)


def table_format(path: str | Path, told: str | None = None) -> TableFormat:
    """The format of a table, as told or by its ending; InputError for another one."""
    place = Path(path)
    found = next((name for name in get_args(TableFormat) if name == told), None) or _ENDINGS.get(
        ending(place)
    )
    if found is None:
        raise InputError("no table by its ending", where=place, choices=_ENDINGS)
    return found


def read_rows(path: str | Path, format: str | None = None) -> Iterator[Row]:
    """Every row of a file or its `.gz`, with its line and its cells. format: by the ending where not told.

    Raises InputError naming file and line for a ragged row, broken quoting or broken JSON.
    """
    place = find(Path(path))
    found = table_format(place, format)
    return _json_rows(place) if found == "jsonl" else _cell_rows(place, _DELIMITERS[found])


def as_text(value: object) -> str | None:
    """A cell as text that can be written again: a string, or a number in its digits; else None."""
    if not isinstance(value, (str, int, float)) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    text = str(value)
    return None if any("\ud800" <= character <= "\udfff" for character in text) else text


def as_texts(value: object) -> tuple[str, ...] | None:
    """A JSON list of non-empty text; None for anything else."""
    if not isinstance(value, list):
        return None
    texts = tuple(as_text(item) for item in value)
    return tuple(text for text in texts if text) if all(texts) else None


def _cell_rows(path: Path, delimiter: str) -> Iterator[Row]:
    records = cell_records(read_lines(path), delimiter, where=path)
    _, header = next(records)
    if len(set(header)) != len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise InputError(f"two columns are called {shown(twice)!r}", where=path, line=1)
    for line, cells in records:
        yield line, dict(zip(header, cells, strict=True))


def _json_rows(path: Path) -> Iterator[Row]:
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = getattr(error, "msg", None) or "too deep or too long"
            raise InputError(
                f"broken JSON: {reason}", where=path, line=number, hint="one whole JSON object a line"
            ) from error
        if not isinstance(row, dict):
            raise InputError(f"{shown(row)} is no JSON object", where=path, line=number)
        yield number, row
