"""The utterances of an xSID file, by the places of their lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from xling.errors import InputError
from xling.submission.submission import quoted

# version 0.4 writes `# intent: X`, later ones `# intent = X`, a file without labels `# intent =`
_INTENT = re.compile(r"#\s*intent\s*[=:](\s*)(.*)")
_ID = re.compile(r"#\s*id\s*[=:]\s*(.*)")


@dataclass(frozen=True, kw_only=True)
class Block:
    """An utterance: the places (0-based) of its rows and of the comment of its intent, and what they hold.

    spoken: its intent by the comment, else by the third column; empty where neither tells one.
    slots: the fourth column, empty texts where there is none.
    """

    file: str
    rows: tuple[int, ...]
    intent: int | None
    id: str | None
    tokens: tuple[str, ...]
    slots: tuple[str, ...]
    spoken: str

    @property
    def place(self) -> str:
        """File and line of the first token."""
        return f"{self.file}:{self.rows[0] + 1}"


def blocks_of(lines: Sequence[str], path: Path) -> list[Block]:
    """Every utterance of a file; comments alone are none.

    Raises InputError naming file and line for a row without index and token, two intents of one
    utterance, or a file without any.
    """
    filled = groupby(enumerate(lines), key=lambda numbered: bool(numbered[1].strip()))
    blocks = [_block([place for place, _ in run], lines, path) for full, run in filled if full]
    found = [block for block in blocks if block.rows]
    if not found:
        raise InputError("no utterance in this file", where=path, hint="give the participants' test file")
    return found


def intent_comment(line: str) -> str | None:
    """The intent that a comment tells, empty where it leaves it open; None for any other line."""
    match = _INTENT.fullmatch(line)
    return match[2].strip() if match else None


def with_intent(comment: str, intent: str) -> str:
    """The comment of an intent with another intent, its own way of writing kept."""
    match = _INTENT.fullmatch(comment)
    return f"{comment[: match.start(1)]}{match[1] or ' '}{intent}" if match else comment


def _block(places: Sequence[int], lines: Sequence[str], path: Path) -> Block:
    rows = [place for place in places if not lines[place].startswith("#")]
    intents = [place for place in places if intent_comment(lines[place]) is not None]
    if len(intents) > 1:
        raise InputError("a second intent of one utterance", where=path, line=intents[1] + 1, hint="keep one")
    columns = [_columns(lines[place], path, place + 1) for place in rows]
    ids = [match[1].strip() for place in places if (match := _ID.fullmatch(lines[place]))]
    told = intent_comment(lines[intents[0]]) if intents else None
    return Block(
        file=path.name,
        rows=tuple(rows),
        intent=intents[0] if intents else None,
        id=ids[0] if ids and ids[0] else None,
        tokens=tuple(cells[1].strip(" ") for cells in columns),
        slots=tuple(cells[3] if len(cells) > 3 else "" for cells in columns),
        spoken=told or next((cells[2] for cells in columns if len(cells) > 2), ""),
    )


def _columns(line: str, path: Path, number: int) -> list[str]:
    columns = line.split("\t")
    if len(columns) < 2 or not columns[0].strip().isdecimal():
        raise InputError(
            f"{quoted(line)} is neither a comment nor a row of index, tab and token",
            where=path,
            line=number,
            hint="give the participants' test file as the organisers gave it",
        )
    return columns
