"""xSID: tab-separated index, token, intent and slot per line, and a blank line after each utterance.

Comments may give the id and the intent of an utterance (`# intent = X`, or `# intent: X` in version 0.4);
other comments, such as `# dialect`, are ignored. Layout: github.com/mainlp/xsid.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xling.data.bio import is_bio, rename_types, repaired
from xling.data.examples import Utterance
from xling.data.line_stream import stream_lines
from xling.data.place import Line, Place, line_blocks
from xling.errors import InputError
from xling.printable import shown

EMPTY = "_"  # the token where a file has none between its tabs, as in some published files

COMMENT = re.compile(r"#\s*(id|intent|translation)\s*[=:](\s*)(.*)")
_COLUMNS = 4

Cells = tuple[Place, list[str]]  # place and cells of one line


@dataclass(frozen=True)
class Block:
    """The lines of an utterance.

    rows: the cells of its tokens.
    comments: its comments.
    """

    rows: Sequence[Cells]
    comments: Sequence[Line]

    def told(self, key: str) -> list[Line]:
        """Return the values of the comments on `id`, `intent` or `translation`, each with its position."""
        matches = [(place, COMMENT.fullmatch(line)) for place, line in self.comments]
        return [(place, match[3].strip()) for place, match in matches if match and match[1] == key]

    @property
    def id(self) -> str | None:
        """The id in the comments, or None if there is none."""
        return next((value for _, value in self.told("id") if value), None)


def read_xsid(
    path: str | Path, *, language: str, labels: Mapping[str, str] | None = None, labelled: bool = True
) -> list[Utterance]:
    """Return what `xsid_utterances` yields."""
    return list(xsid_utterances(path, language=language, labels=labels, labelled=labelled))


def xsid_utterances(
    path: str | Path, *, language: str, labels: Mapping[str, str] | None = None, labelled: bool = True
) -> Iterator[Utterance]:
    """Read the utterances of a file or its `.gz`. Slot tags are converted to IOB2.

    labels: new names for intents and for types of slots; the name `O` drops a type of slot.
    labelled: False reads tokens only, whatever else the rows hold.

    Ids come from the comments if every utterance has a distinct one, else they are numbers. Raises InputError
    naming file and line for a wrong number of columns, a slot that is not a BIO tag, two intents in one
    utterance, or a comment whose intent differs from that of the rows.
    """
    named = _all_named(blocks_of(stream_lines(path), path, labelled=labelled))
    for number, block in enumerate(blocks_of(stream_lines(path), path, labelled=labelled)):
        yield _utterance(block, language, labels or {}, labelled, identity=str(block.id if named else number))


def blocks_of(lines: Iterable[str], path: str | Path, *, labelled: bool = False) -> Iterator[Block]:
    """Yield the lines of every utterance. Comments without tokens are not utterances.

    labelled: whether every row must have its intent and its slot. Raises InputError with file and line for a
    row of other columns, and when there is no utterance.
    """
    found = False
    for lines_of_one in line_blocks(lines, path):
        rows = [(place, _cells(line, place, labelled)) for place, line in lines_of_one if line[0] != "#"]
        if rows:
            found = True
            yield Block(rows, [own for own in lines_of_one if own[1][0] == "#"])
    if not found:
        raise InputError("no utterance in this file", where=path)


def _utterance(
    block: Block, language: str, labels: Mapping[str, str], labelled: bool, *, identity: str
) -> Utterance:
    tokens = tuple(cells[1] or EMPTY for _, cells in block.rows)
    tags, intent = None, None
    if labelled:
        tags = tuple(rename_types(repaired(_tags(block.rows)), labels))
        own = _intent(block.rows, [line for line in block.told("intent") if line[1]])
        intent = labels.get(own, own)
    given = next((value for _, value in block.told("translation") if value), None)
    translation = None if given is None else (given,)
    return Utterance(tokens, tags, intent, identity, language, translation)


def _cells(line: str, place: Place, labelled: bool) -> list[str]:
    cells = [cell.strip(" ") for cell in line.split("\t")]
    if len(cells) != _COLUMNS if labelled else not 2 <= len(cells) <= _COLUMNS:
        raise place.fault(
            f"{len(cells)} column{'s' * (len(cells) != 1)} ({shown(line)}) where index, token"
            f"{', intent and slot' if labelled else ' and no more than two others'} are needed",
            hint="separate the columns by tabs",
        )
    if not cells[0].isdecimal():
        raise place.fault(
            f"{shown(cells[0])!r} is no index of a token",
            hint="count the tokens of each utterance from 1 in the first column",
        )
    return cells


def _tags(rows: Sequence[Cells]) -> list[str]:
    for place, cells in rows:
        if not is_bio(cells[3]):
            raise place.fault(f"{shown(cells[3])!r} is no slot", choices=("O", "B-SLOT", "I-SLOT"))
    return [cells[3] for _, cells in rows]


def _intent(rows: Sequence[Cells], told: Sequence[Line]) -> str:
    """Return the intent that all rows and comments of an utterance agree on."""
    place, first = rows[0]
    intent = first[2]
    if not intent:
        raise place.fault("the intent is empty", hint="write it in column 3")
    for place, cells in rows:
        if cells[2] != intent:
            raise place.fault(
                f"a second intent of one utterance, {shown(cells[2])!r} after {shown(intent)!r}",
                hint="give all its rows the same, or part the utterances by a blank line",
            )
    for place, own in told:
        if own != intent:
            raise place.fault(
                f"the comment tells the intent {shown(own)!r}, the rows {shown(intent)!r}",
                hint="make them one",
            )
    return intent


def _all_named(blocks: Iterable[Block]) -> bool:
    """Return whether every utterance has an id and no two have the same one."""
    seen: set[str] = set()
    for block in blocks:
        if block.id is None or block.id in seen:
            return False
        seen.add(block.id)
    return True
