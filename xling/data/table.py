"""Tables with a header: TSV and CSV with CSV quoting, and JSON lines."""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from xling.data.examples import LabelledText
from xling.data.opening import find, read_lines
from xling.errors import InputError

_DELIMITERS = {".tsv": "\t", ".txt": "\t", ".csv": ","}
_JSON = (".jsonl", ".json", ".ndjson")

Row = tuple[int, Mapping[str, object]]  # (line, cells by column)


class Columns(BaseModel):
    """Which columns hold what.

    pair: the second text of a pair. label: None for input without gold. id: rows are numbered
    without it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    text: str = "text"
    label: str | None = "label"
    pair: str | None = None
    id: str | None = None


def read_table(
    path: str | Path,
    *,
    language: str,
    columns: Columns = Columns(),
    labels: Mapping[str, str] | None = None,
) -> list[LabelledText]:
    """Rows of a `.tsv`, `.csv` or `.jsonl` file, or its `.gz`.

    labels: other names for labels. Labels are stripped and put in Unicode's composed form, so that
    two spellings of one label are one. Raises InputError naming file and line for a missing column,
    a ragged row, broken quoting or broken JSON.
    """
    place = find(Path(path))
    ending = Path(place.name.removesuffix(".gz")).suffix.lower()
    if ending in _JSON:
        rows = _json_rows(place, columns)
    elif ending in _DELIMITERS:
        rows = _cell_rows(place, columns, _DELIMITERS[ending])
    else:
        raise InputError("no table by its ending", where=place, choices=[*_DELIMITERS, *_JSON])
    examples = [
        _example(cells, columns, labels or {}, (place, number, language, str(index)))
        for index, (number, cells) in enumerate(rows)
    ]
    if not examples:
        raise InputError("no row below the header", where=place)
    return examples


def _example(
    cells: Mapping[str, object],
    columns: Columns,
    labels: Mapping[str, str],
    place: tuple[Path, int, str, str],
) -> LabelledText:
    path, number, language, index = place

    def cell(column: str) -> str:
        value = cells[column]
        if isinstance(value, (str, int, float)):
            text = str(value)
            if not any("\ud800" <= character <= "\udfff" for character in text):
                return text
        raise InputError(f"the column {column!r} holds {_short(value)}, no text", where=path, line=number)

    label = None
    if columns.label is not None and cells[columns.label] is not None:
        label = unicodedata.normalize("NFC", cell(columns.label).strip())
        label = labels.get(label, label)
    return LabelledText(
        text=cell(columns.text),
        label=label,
        id=cell(columns.id) if columns.id else index,
        language=language,
        pair=cell(columns.pair) if columns.pair else None,
    )


def _short(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _check(header: Sequence[str], columns: Columns, path: Path, number: int) -> None:
    for column in (columns.text, columns.pair, columns.label, columns.id):
        if column is not None and header.count(column) != 1:
            raise InputError(
                f"{'two columns' if column in header else 'no column'} {column!r}",
                where=path,
                line=number,
                choices=[name if len(name) <= 40 else f"{name[:37]}..." for name in header[:20]],
                hint="name the column to read",
            )


def _cell_rows(path: Path, columns: Columns, delimiter: str) -> Iterator[Row]:
    lines = (f"{line}\n" for line in read_lines(path))
    reader = csv.reader(lines, delimiter=delimiter, quotechar='"', strict=True)
    try:
        header = next(reader)
        _check(header, columns, path, 1)
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


def _json_rows(path: Path, columns: Columns) -> Iterator[Row]:
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
            raise InputError(f"{_short(row)} is no JSON object", where=path, line=number)
        _check(list(row), columns, path, number)
        yield number, row
