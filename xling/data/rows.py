"""Rows of TSV, CSV and JSON lines, as cells by column name together with their position in the file."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

from xling.data.cells import cell_records
from xling.data.line_stream import stream_lines
from xling.data.place import Place
from xling.data.template import filled
from xling.data.textfile import ending, find
from xling.errors import InputError
from xling.printable import shown

TableFormat = Literal["tsv", "csv", "jsonl"]
_DELIMITERS: Mapping[str, str] = {"tsv": "\t", "csv": ","}
JSON_ENDINGS = (".jsonl", ".json", ".ndjson")
_ENDINGS: Mapping[str, TableFormat] = {
    ".tsv": "tsv",
    ".txt": "tsv",
    ".csv": "csv",
    **dict.fromkeys(JSON_ENDINGS, "jsonl"),
}


class Columns(BaseModel):
    """The names of the columns that hold each field.

    pair: the second text of a pair.
    label: None for input without gold labels.
    id: None numbers the rows instead.
    labels: for texts with any number of labels, one column of zeros and ones per label, used instead of
        `label`.
    tokens, tags, heads, relations: columns with one list per sentence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    text: str = "text"
    label: str | None = "label"
    pair: str | None = None
    id: str | None = None
    labels: tuple[str, ...] = ()
    tokens: str = "tokens"
    tags: str = "tags"
    heads: str = "heads"
    relations: str = "relations"

    def named(self) -> tuple[str, ...]:
        """Return the columns that a row with a text must have."""
        single = (self.text, self.pair, None if self.labels else self.label, self.id)
        return (*(name for name in single if name is not None), *self.labels)

    def filled(self, upstream: str) -> Columns:
        """Return the columns with {upstream} replaced by the data set's own name for a language."""
        values = {role: _filled(value, upstream) for role, value in self.model_dump().items()}
        return Columns.model_validate(values)


@dataclass(frozen=True)
class Record:
    """One row of a file.

    cells: the values by column name.
    place: the position of the row.
    header: the position where the columns are named.
    """

    cells: Mapping[str, Any]
    place: Place
    header: Place

    def require(self, columns: Iterable[str]) -> None:
        """Raise InputError naming the first of these columns that is missing from the row."""
        for column in columns:
            if column not in self.cells:
                raise self.header.fault(
                    f"no column {column!r}",
                    choices=[shown(name) for name in list(self.cells)[:20]],
                    hint="name the column to read",
                )

    def text(self, column: str) -> str:
        """Return the text in a column. Raises InputError when the cell holds something else."""
        text = as_text(self.cells[column])
        if text is None:
            raise self.place.fault(f"the column {column!r} holds {shown(self.cells[column])}, no text")
        return text

    def text_or_none(self, column: str | None) -> str | None:
        """Return the text in a column, or None when no column is given or the cell is null."""
        return None if column is None or self.cells[column] is None else self.text(column)


def table_format(path: str | Path, told: str | None = None) -> TableFormat:
    """Return the format of a table, as given or by the file's ending.

    Raises InputError for an ending that is not a table's.
    """
    place = Path(path)
    found = next((name for name in get_args(TableFormat) if name == told), None) or _ENDINGS.get(
        ending(place)
    )
    if found is None:
        raise InputError("no table by its ending", where=place, choices=_ENDINGS)
    return found


def read_rows(path: str | Path, format: str | None = None) -> Iterator[Record]:
    """Read every row of a file or its `.gz`.

    format: `tsv`, `csv` or `jsonl`; chosen by the file's ending when None.
    Raises InputError naming file and line for a row of the wrong length, broken quoting or broken JSON.
    """
    place = find(Path(path))
    found = table_format(place, format)
    return _json_rows(place) if found == "jsonl" else _cell_rows(place, _DELIMITERS[found])


def as_text(value: object) -> str | None:
    """Return a cell as text if it is a string or a finite number, else None.

    Strings with lone surrogates, which cannot be written as UTF-8, give None too.
    """
    if not isinstance(value, (str, int, float)) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    text = str(value)
    return None if any("\ud800" <= character <= "\udfff" for character in text) else text


def as_texts(value: object) -> tuple[str, ...] | None:
    """Return a JSON list of non-empty texts as a tuple, and None for any other value."""
    if not isinstance(value, list):
        return None
    texts = tuple(as_text(item) for item in value)
    return tuple(text for text in texts if text) if all(texts) else None


def as_translation(value: object) -> tuple[str, ...] | None:
    """Return a cell with a text, or with a list of texts, as a tuple; None for any other, or a blank one.

    In a table a list is written as JSON. Few plans read translations, so nothing is refused here.
    """
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            pass
    if isinstance(value, list):
        return as_texts(value) or None
    text = as_text(value)
    return (text,) if text is not None and text.strip() else None


def _filled(value: str | tuple[str, ...] | None, upstream: str) -> str | tuple[str, ...] | None:
    if isinstance(value, tuple):
        return tuple(filled(name, upstream=upstream) for name in value)
    return value and filled(value, upstream=upstream)


def _cell_rows(path: Path, delimiter: str) -> Iterator[Record]:
    records = cell_records(stream_lines(path), delimiter, where=path)
    _, header = next(records)
    if len(set(header)) != len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise InputError(f"two columns are called {shown(twice)!r}", where=path, line=1)
    for line, cells in records:
        yield Record(dict(zip(header, cells, strict=True)), Place(path, line), Place(path, 1))


def _json_rows(path: Path) -> Iterator[Record]:
    for number, line in enumerate(stream_lines(path), start=1):
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
        yield Record(row, Place(path, number), Place(path, number))
