"""Parallel text: a table of two columns, each headed by its language."""

from __future__ import annotations

from pathlib import Path

from xling.data.rows import read_rows
from xling.data.table import Columns, read_table
from xling.errors import InputError
from xling.languages import parse


def read_parallel(path: Path, *, language: str) -> list[tuple[str, str]]:
    """Pairs of (sentence in the language, the same in the other one); its header names both by their tags.

    Raises InputError when there are not two columns of which one is headed by the language.
    """
    _, first = next(iter(read_rows(path)), (1, {}))
    own = [name for name in first if _is(name, language)]
    others = [name for name in first if name not in own]
    if len(own) != 1 or len(others) != 1:
        raise InputError(
            f"no two columns of which one is {language}",
            where=path,
            line=1,
            choices=list(first)[:8],
            hint=f"head the columns with the tags of their languages, such as {language} and eng",
        )
    columns = Columns(text=own[0], pair=others[0], label=None)
    rows = read_table(path, language=language, columns=columns)
    return [(row.text, row.pair) for row in rows if row.pair is not None]


def _is(header: str, language: str) -> bool:
    try:
        return parse(header) == parse(language)
    except InputError:
        return False
