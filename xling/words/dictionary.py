"""Dictionaries that people write: one word per line with its translation and, if they like, a weight."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from xling.data.line_stream import read_lines
from xling.data.textfile import ending, find
from xling.errors import InputError
from xling.modules.lexicon import HEADER, Entry
from xling.printable import shown

_HEADER = HEADER.split("\t")
_ERRORS = ("#NAME?", "#REF!", "#VALUE!", "#N/A", "#DIV/0!", "#NUM!", "#NULL!")  # cells of a spreadsheet
_DELIMITERS = {".csv": ","}


def read_dictionary(path: str | Path) -> list[Entry]:
    """Read entries, one per line: word, translation, and an optional weight, separated by tabs.

    In a file called `.csv` the separators are commas. The header that `lexicon.tsv` has, empty lines, and
    empty cells at the end of a line are skipped.

    Raises InputError naming the line that has other columns, a weight that is no positive number, or a
    formula or error of a spreadsheet, and for a file that is empty, missing or not UTF-8.
    """
    found = find(Path(path))
    lines = read_lines(found)
    delimiter = _DELIMITERS.get(ending(found), "\t")
    entries: list[Entry] = []
    for number, line in enumerate(lines, start=1):
        cells = [" ".join(cell.split()) for cell in _cells(line, delimiter)]
        while cells and not cells[-1]:
            cells.pop()
        if not cells or (number == 1 and [*map(str.lower, cells)] in (_HEADER, _HEADER[:2])):
            continue
        try:
            entries.append(_entry(cells))
        except ValueError as error:
            raise InputError(
                str(error),
                where=found,
                line=number,
                hint="write word TAB source word, and after another tab a weight if you like",
            ) from error
    if not entries:
        raise InputError("no entry in this file", where=found)
    return entries


def _cells(line: str, delimiter: str) -> list[str]:
    """Split a line; a cell in double quotes, as spreadsheets write them, loses its quotes."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        return line.split(delimiter)


def _entry(cells: list[str]) -> Entry:
    """Return the entry of a line. Raises ValueError that says what is wrong with it."""
    if len(cells) not in (2, 3) or not all(cells):
        raise ValueError(f"{sum(map(bool, cells))} columns where a word and its source word are wanted")
    for cell in cells[:2]:
        if cell.startswith("=") or cell in _ERRORS:
            raise ValueError(f"{shown(cell)} is a formula or an error of a spreadsheet, no word")
        if not cell.isprintable():
            raise ValueError(f"{shown(cell)} has characters that cannot be printed")
    return Entry(cells[0], cells[1], _weight(cells[2]) if len(cells) > 2 else 1.0)


def _weight(cell: str) -> float:
    try:
        value = float(cell.replace(",", "."))
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"the weight {shown(cell)} is no positive number")
    return value
