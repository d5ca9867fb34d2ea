"""Files as tasks read them, told what a data card or a user would tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xling.data.place import Place
from xling.data.rows import Columns, Record
from xling.tasks.reading import Reading, format_in, read_file
from xling.tasks.registry import task_named


def read_as(task: str, path: Path, *, language: str = "swh", gold: bool = True, **told: Any) -> list[Any]:
    """The examples of a file; told: further fields of a reading."""
    own = task_named(task)
    known = format_in(own, path, gold=gold)
    return read_file(own, Reading(where=path, language=language, format=known, gold=gold, **told))


def of_hub(task: str, rows: list[dict[str, Any]], *, language: str = "swh", **told: Any) -> list[Any]:
    """The examples of rows of a data set that is called `hub`."""
    records = (Record(row, Place("hub", path=f"row {n}"), Place("hub")) for n, row in enumerate(rows))
    how = Reading(where="hub", language=language, **{"columns": Columns(), **told})
    return list(task_named(task).of_rows(records, how))
