"""Test files that are tables: their rows, columns found by their usual names, and gold labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xling.data.rows import read_rows
from xling.errors import InputError
from xling.printable import shown
from xling.submission.submission import quoted

Names = Mapping[str, tuple[str, ...]]  # for each role, the names that its column may have


@dataclass(frozen=True)
class TableRow:
    """A row of a test file.

    line: its line in the file.
    cells: its texts by role, such as `id` or `premise`.
    """

    path: Path
    line: int
    cells: Mapping[str, str]

    @property
    def id(self) -> str | None:
        """The id of the row, or None if the file has no column of ids."""
        return self.cells.get("id")

    @property
    def place(self) -> str:
        """The file and line of the row, as error messages name them."""
        return f"{self.path.name}:{self.line}"


def table_rows(path: Path, needed: Names, optional: Names) -> list[TableRow]:
    """Return every row of a test file.

    needed, optional: for each role, the names that its column may have.

    Raises InputError when the header lacks a needed column, or when there is no row.
    """
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
    """Return the gold labels, or None when no row has one.

    Raises InputError when only some rows have one of the labels.
    """
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
