"""Rows of a table by column: TSV and CSV with CSV quoting, and JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xling.data.opening import ending, find, read_lines
from xling.errors import InputError

DELIMITERS: Mapping[str, str] = {".tsv": "\t", ".txt": "\t", ".csv": ","}
JSON_ENDINGS = (".jsonl", ".json", ".ndjson")
_LONGEST = 40

Row = tuple[int, dict[str, Any]]  # (line, cells by column)


def read_rows(path: str | Path) -> Iterator[Row]:
    """Every row of a file or its `.gz`, the format by its ending, with its line and its cells.

    Raises InputError naming file and line for a ragged row, broken quoting or broken JSON.
    """
    place = find(Path(path))
    if ending(place) in JSON_ENDINGS:
        return _json_rows(place)
    if ending(place) in DELIMITERS:
        return _cell_rows(place, DELIMITERS[ending(place)])
    raise InputError("no table by its ending", where=place, choices=[*DELIMITERS, *JSON_ENDINGS])


def as_text(value: object) -> str | None:
    """A cell as text that can be written again: a string, or a number in its digits; else None."""
    if not isinstance(value, (str, int, float)):
        return None
    text = str(value)
    return None if any("\ud800" <= character <= "\udfff" for character in text) else text


def as_texts(value: object) -> tuple[str, ...] | None:
    """A JSON list of non-empty text; None for anything else."""
    if not isinstance(value, list):
        return None
    texts = tuple(as_text(item) for item in value)
    return tuple(text for text in texts if text) if all(texts) else None


def shown(value: object) -> str:
    """A value short enough for an error's line."""
    text = value if isinstance(value, str) and value.isprintable() else ascii(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _cell_rows(path: Path, delimiter: str) -> Iterator[Row]:
    lines = (f"{line}\n" for line in read_lines(path))
    reader = csv.reader(lines, delimiter=delimiter, quotechar='"', strict=True)
    try:
        header = next(reader)
        if len(set(header)) != len(header):
            twice = next(name for name in header if header.count(name) > 1)
            raise InputError(f"two columns are called {shown(twice)!r}", where=path, line=1)
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                raise InputError(
                    f"{len(row)} columns where the header has {len(header)}",
                    where=path,
                    line=reader.line_num,
                    hint="put a field that holds a quote or the separator in double quotes",
                )
            yield reader.line_num, dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise InputError(
            f"cannot be split into columns: {error}",
            where=path,
            line=reader.line_num,
            hint="put a field that holds a quote in double quotes, and double the quotes inside",
        ) from error


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
