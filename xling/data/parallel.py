"""Translation data: tables of two columns, and retrieval questions with candidate translations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xling.data.rows import JSON_ENDINGS, Record, as_text, as_texts, read_rows
from xling.data.textfile import ending
from xling.errors import InputError
from xling.languages import parse


@dataclass(frozen=True)
class RetrievalQuestion:
    """A sentence with candidate translations; `right` is the index of the right one, from 0."""

    query: str
    candidates: tuple[str, ...]
    right: int


def read_parallel(path: Path, *, language: str) -> list[tuple[str, str]]:
    """Read pairs of (sentence in `language`, its translation) from a table headed by language tags.

    Raises InputError unless there are exactly two columns and exactly one of them is named after the
    language.
    """
    rows = list(read_rows(path))
    own, other = columns_of(rows, path, language)
    pairs = []
    for row in rows:
        row.require((own, other))
        pairs.append((row.text(own), row.text(other)))
    return pairs


def columns_of(rows: Sequence[Record], path: Path, language: str) -> tuple[str, str]:
    """Return the names of the columns of a language and of its translations.

    Raises InputError unless there are exactly two columns and exactly one of them is named after the
    language.
    """
    first = list(rows[0].cells) if rows else []
    own = [name for name in first if _is(name, language)]
    others = [name for name in first if name not in own]
    if len(own) != 1 or len(others) != 1:
        raise InputError(
            f"no two columns of which one is {language}",
            where=path,
            line=1,
            choices=first[:8],
            hint=f"head the columns with the tags of their languages, such as {language} and eng",
        )
    return own[0], others[0]


def read_candidates(path: Path) -> list[RetrievalQuestion]:
    """Read JSON lines of the form {"query": text, "candidates": [text, ...], "right": index from 0}.

    Raises InputError naming file and line for a row of another form or with fewer than two candidates.
    """
    if ending(path) not in JSON_ENDINGS:
        raise InputError("no JSON lines by its ending", where=path, choices=JSON_ENDINGS)
    found = []
    for row in read_rows(path):
        query, candidates = as_text(row.cells.get("query")), as_texts(row.cells.get("candidates"))
        right = row.cells.get("right")
        if not query or not candidates or len(candidates) < 2 or not isinstance(right, int):
            raise row.place.fault(
                "not a row with a query, two candidates or more, and the number of the right one",
                hint='write {"query": "...", "candidates": ["...", "..."], "right": 0}',
            )
        if not 0 <= right < len(candidates):
            raise row.place.fault(
                f"the right candidate is number {right} of {len(candidates)}",
                hint="count the candidates from 0",
            )
        found.append(RetrievalQuestion(query, candidates, right))
    if not found:
        raise InputError("no row in this file", where=path)
    return found


def _is(header: str, language: str) -> bool:
    try:
        return parse(header) == parse(language)
    except InputError:
        return False
