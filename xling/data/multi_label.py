"""Tables of texts with any number of labels: in one column, or a column of zeros and ones for each."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from xling.data.cells import shown
from xling.data.examples import MultiLabelledText
from xling.data.place import Place
from xling.data.rows import as_text, read_rows, table_format
from xling.data.table import USUAL_COLUMNS, Columns, require
from xling.errors import InputError

_SEPARATOR = "|"
_YES, _NO = ("1", "1.0", "true"), ("0", "0.0", "false")


def read_multi_label(
    path: str | Path,
    *,
    language: str,
    columns: Columns = USUAL_COLUMNS,
    labels: Mapping[str, str] | None = None,
    format: str | None = None,
) -> list[MultiLabelledText]:
    """Rows of a `.tsv`, `.csv` or `.jsonl` file, or its `.gz`.

    columns: `labels` names one column of zeros and ones each, as SemEval's files have them; else `label`
    holds all labels of a text, separated by `|` or as a JSON list. An empty cell is a text without
    any label; null, or a row of empty flags, one without gold. labels: other names for labels.
    Raises InputError naming file and line, as `xling.data.table.read_table` does, and for other values.
    """
    by_line = table_format(path, format) == "jsonl"
    examples: list[MultiLabelledText] = []
    for number, cells in read_rows(path, format):
        place = Place(path, number)
        require(columns, cells, place if by_line else Place(path, 1))
        own = labels_of(cells, columns, labels or {}, place)
        pair = _text(cells, columns.pair, place) if columns.pair else None
        known = columns.id is not None and cells[columns.id] is not None
        identity = _text(cells, str(columns.id), place) if known else str(len(examples))
        text = _text(cells, columns.text, place)
        examples.append(MultiLabelledText(text=text, labels=own, id=identity, language=language, pair=pair))
    if not examples:
        raise InputError("no row below the header", where=path)
    return examples


def labels_of(
    cells: Mapping[str, Any], columns: Columns, names: Mapping[str, str], place: Place
) -> tuple[str, ...] | None:
    """The labels of a row, each once; None without gold."""
    if columns.labels:
        found = _flagged(cells, columns.labels, place)
    elif columns.label is not None:
        found = _listed(cells[columns.label], columns.label, place)
    else:
        found = None
    if found is None:
        return None
    composed = (unicodedata.normalize("NFC", label) for label in found)
    return tuple(dict.fromkeys(names.get(label, label) for label in composed))


def flag_columns(path: str | Path, apart: Collection[str], format: str | None = None) -> tuple[str, ...]:
    """The columns of a table, but those apart, that hold zeros and ones, or nothing where there is no gold.

    InputError names the first cell that is neither in a column where most are: it may be a slip, or the
    columns are no flags but degrees.
    """
    flags: Counter[str] = Counter()
    others: dict[str, list[tuple[int, object]]] = {}
    for line, cells in read_rows(path, format):
        for name, value in cells.items():
            if name not in apart and _flag(value) is not None:
                flags[name] += 1
            elif name not in apart and not _blank(value):
                others.setdefault(name, []).append((line, value))
    for name, found in others.items():
        if flags[name] > len(found):
            line, value = found[0]
            raise _no_flag(name, value, Place(path, line))
    return tuple(name for name in flags if name not in others)


def _flagged(cells: Mapping[str, Any], columns: tuple[str, ...], place: Place) -> list[str] | None:
    if all(_blank(cells[name]) for name in columns):
        return None
    for name in columns:
        if _flag(cells[name]) is None:
            raise _no_flag(name, cells[name], place)
    return [name for name in columns if _flag(cells[name])]


def _no_flag(column: str, value: object, place: Place) -> InputError:
    return place.fault(
        f"the column {column!r} holds {shown(value)}, neither 0 nor 1",
        hint="name columns of zeros and ones, or one column that lists the labels",
    )


def _blank(value: object) -> bool:
    return value is None or not str(value).strip()


def _flag(value: object) -> bool | None:
    text = (as_text(value) or "").strip().lower()
    return True if text in _YES else False if text in _NO else None


def _listed(value: object, column: str, place: Place) -> list[str] | None:
    """The labels of one cell: a JSON list, or text with bars between them."""
    if value is None:
        return None
    listed: object = value
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            listed = json.loads(value)
        except (ValueError, RecursionError):
            listed = None
    elif not isinstance(value, list):
        listed = (as_text(value) or "").split(_SEPARATOR)
    labels = [as_text(item) for item in listed] if isinstance(listed, list) else [None]
    if None in labels or (as_text(value) is None and not isinstance(value, list)):
        raise place.fault(
            f"the column {column!r} holds {shown(value)}, no list of labels",
            hint=f'separate labels by {_SEPARATOR}, or write a JSON list such as ["joy", "fear"]',
        )
    names = [text for label in labels if label is not None and (text := label.strip())]
    if len(set(names)) < len(names) and all(_flag(name) is not None for name in names):
        raise place.fault(
            f"the column {column!r} holds {shown(value)}, zeros and ones that name no label",
            hint="give each label a column of zeros and ones under its name, or list the names",
        )
    return names


def _text(cells: Mapping[str, Any], column: str, place: Place) -> str:
    text = as_text(cells[column])
    if text is None:
        raise place.fault(f"the column {column!r} holds {shown(cells[column])}, no text")
    return text
