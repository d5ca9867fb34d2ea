"""Test files that are tables: their rows with the columns by their usual names, and gold labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xling.data.cells import shown
from xling.data.rows import read_rows
from xling.errors import InputError
from xling.submission.submission import quoted

Names = Mapping[str, tuple[str, ...]]  # what a column holds: the names it may have


@dataclass(frozen=True)
class TableRow:
    """A row of a test file: where it stands, and its text by what the columns hold."""

    path: Path
    line: int
    cells: Mapping[str, str]

    @property
    def id(self) -> str | None:
        """The id, where the file has a column of ids."""
        return self.cells.get("id")

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.path.name}:{self.line}"


def table_rows(path: Path, needed: Names, optional: Names) -> list[TableRow]:
    """Every row of a test file; InputError for a header that lacks a needed column, or for no row."""
    rows: list[TableRow] = []
    columns: dict[str, str] = {}
    for row in read_rows(path):
        columns = columns or _columns(path, list(row.cells), needed, optional)
        row.require(columns.values())
        texts = {role: row.text(column) for role, column in columns.items()}
        rows.append(TableRow(path, row.place.line or 0, texts))
    if not rows:
        raise InputError("no row below the header", where=path, hint="give the participants' test file")
    return rows


def gold_labels(rows: Sequence[TableRow], labels: Sequence[str]) -> list[str] | None:
    """The gold labels; None where no row has one. InputError where only some rows have one of the labels."""
    found = [row.cells.get("label", "").strip() for row in rows]
    if not any(label in labels for label in found):
        return None
    for row, label in zip(rows, found, strict=True):
        if label not in labels:
            raise InputError(
                f"the gold label {quoted(label)} is none of the task's",
                where=row.path,
                line=row.line,
                choices=labels,
                hint="take the column of labels out, or mend it",
            )
    return found


def _columns(path: Path, header: Sequence[str], needed: Names, optional: Names) -> dict[str, str]:
    columns: dict[str, str] = {}
    for role, names in {**needed, **optional}.items():
        found = next((name for name in names if name in header), None)
        if found is not None:
            columns[role] = found
        elif role in needed:
            raise InputError(
                f"no column of the {role} in the header ({', '.join(map(shown, header[:20]))})",
                where=path,
                line=1,
                choices=names,
                hint="give the participants' test file as the organisers gave it",
            )
    return columns
