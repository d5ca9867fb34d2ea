"""Sentences with their candidates, one of which is right: JSON lines, for reranking."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xling.data.rows import JSON_ENDINGS, as_text, as_texts, read_rows
from xling.data.textfile import ending
from xling.errors import InputError


@dataclass(frozen=True)
class RetrievalQuestion:
    """right: the number of the right candidate, from zero."""

    query: str
    candidates: tuple[str, ...]
    right: int


def read_candidates(path: Path) -> list[RetrievalQuestion]:
    """Rows {"query": text, "candidates": [text, ...], "right": number from zero}.

    Raises InputError naming file and line for a row of another kind, or fewer than two candidates.
    """
    if ending(path) not in JSON_ENDINGS:
        raise InputError("no JSON lines by its ending", where=path, choices=JSON_ENDINGS)
    found = []
    for number, row in read_rows(path):
        query, candidates, right = (
            as_text(row.get("query")),
            as_texts(row.get("candidates")),
            row.get("right"),
        )
        if not query or not candidates or len(candidates) < 2 or not isinstance(right, int):
            raise InputError(
                "not a row with a query, two candidates or more, and the number of the right one",
                where=path,
                line=number,
                hint='write {"query": "...", "candidates": ["...", "..."], "right": 0}',
            )
        if not 0 <= right < len(candidates):
            raise InputError(
                f"the right candidate is number {right} of {len(candidates)}",
                where=path,
                line=number,
                hint="count the candidates from 0",
            )
        found.append(RetrievalQuestion(query, candidates, right))
    if not found:
        raise InputError("no row in this file", where=path)
    return found
