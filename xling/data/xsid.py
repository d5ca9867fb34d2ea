"""xSID's columns: index, token, intent and slot by tabs, a blank line after each utterance.

Comments may tell an utterance's id and its intent (`# intent = X`, `# intent: X` in version 0.4); others,
such as `# dialect`, are passed over. Layout: github.com/mainlp/xsid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from xling.data.bio import is_bio, rename_types, to_iob2
from xling.data.cells import shown
from xling.data.examples import Utterance
from xling.data.opening import read_lines
from xling.errors import InputError

EMPTY = "_"  # stands for a token that a file leaves out between its tabs, as some published ones do

_COMMENT = re.compile(r"#\s*(id|intent)\s*[=:]\s*(.*)")
_COLUMNS = 4

Line = tuple[int, str]
Cells = tuple[int, list[str]]  # line, columns


def read_xsid(
    path: str | Path, *, language: str, labels: Mapping[str, str] | None = None, labelled: bool = True
) -> list[Utterance]:
    """The utterances of a file or its `.gz`; slots in IOB2, stray `I-` read as `B-`.

    labels: other names for types of slots (`O` drops one) and for intents. labelled=False reads tokens
    alone, whatever else the rows hold. Ids are those of the comments where every utterance has its own,
    else numbers.
    Raises InputError naming file and line for another number of columns, a slot that is no BIO tag, two
    intents of one utterance, or a comment that tells another intent than its rows.
    """
    numbered = enumerate(read_lines(path), start=1)
    runs = groupby(numbered, key=lambda line: bool(line[1].strip()))
    found = [
        utterance
        for filled, run in runs
        if filled and (utterance := _utterance(list(run), Path(path), language, labels or {}, labelled))
    ]
    if not found:
        raise InputError("no utterance in this file", where=path)
    return _identified(found)


def _utterance(
    run: Sequence[Line], path: Path, language: str, labels: Mapping[str, str], labelled: bool
) -> Utterance | None:
    """The utterance of the lines between two blank ones; None where they are comments alone."""
    rows = [(number, _cells(line, path, number, labelled)) for number, line in run if line[0] != "#"]
    if not rows:
        return None
    told = list(_comments(run))
    tokens = tuple(cells[1] or EMPTY for _, cells in rows)
    tags, intent = None, None
    if labelled:
        tags = tuple(rename_types(to_iob2(_tags(rows, path))[0], labels))
        own = _intent(rows, [(number, value) for number, key, value in told if key == "intent"], path)
        intent = labels.get(own, own)
    identity = next((value for _, key, value in told if key == "id"), "")
    return Utterance(tokens=tokens, tags=tags, intent=intent, id=identity, language=language)


def _comments(run: Sequence[Line]) -> Iterator[tuple[int, str, str]]:
    """Line, key and value of the comments that tell something."""
    for number, line in run:
        match = _COMMENT.fullmatch(line)
        if match and match[2].strip():
            yield number, match[1], match[2].strip()


def _cells(line: str, path: Path, number: int, labelled: bool) -> list[str]:
    cells = [cell.strip(" ") for cell in line.split("\t")]
    if len(cells) != _COLUMNS if labelled else not 2 <= len(cells) <= _COLUMNS:
        raise InputError(
            f"{len(cells)} column{'s' * (len(cells) != 1)} ({shown(line)}) where index, token"
            f"{', intent and slot' if labelled else ' and no more than two others'} are needed",
            where=path,
            line=number,
            hint="separate the columns by tabs",
        )
    if not cells[0].isdecimal():
        raise InputError(
            f"{shown(cells[0])!r} is no index of a token",
            where=path,
            line=number,
            hint="count the tokens of each utterance from 1 in the first column",
        )
    return cells


def _tags(rows: Sequence[Cells], path: Path) -> list[str]:
    for number, cells in rows:
        if not is_bio(cells[3]):
            choices = ("O", "B-SLOT", "I-SLOT")
            raise InputError(f"{shown(cells[3])!r} is no slot", where=path, line=number, choices=choices)
    return [cells[3] for _, cells in rows]


def _intent(rows: Sequence[Cells], told: Sequence[tuple[int, str]], path: Path) -> str:
    """The one intent of all rows and of the comments."""
    intent = rows[0][1][2]
    if not intent:
        raise InputError("the intent is empty", where=path, line=rows[0][0], hint="write it in column 3")
    for number, cells in rows:
        if cells[2] != intent:
            raise InputError(
                f"a second intent of one utterance, {shown(cells[2])!r} after {shown(intent)!r}",
                where=path,
                line=number,
                hint="give all its rows the same, or part the utterances by a blank line",
            )
    for number, own in told:
        if own != intent:
            raise InputError(
                f"the comment tells the intent {shown(own)!r}, the rows {shown(intent)!r}",
                where=path,
                line=number,
                hint="make them one",
            )
    return intent


def _identified(found: Sequence[Utterance]) -> list[Utterance]:
    """With their own ids, or with numbers where one lacks an id or two share one."""
    own = {utterance.id for utterance in found}
    if "" not in own and len(own) == len(found):
        return list(found)
    return [
        Utterance(
            tokens=item.tokens, tags=item.tags, intent=item.intent, id=str(number), language=item.language
        )
        for number, item in enumerate(found)
    ]
