"""The hand-written notes of docs/notes: each is of one question, and says which rows of the ledger answer it.

A note is a file `NUMBER-NAME.md`. Between two lines of `---` it may begin with YAML: `rows` names the recipes
and benchmarks beside NAME whose rows are its own (`kinds-*` names many), `shown` the recipes whose last run,
and the lab's suites whose scores, stand on the page (all suites, if it names none of them; no table, if the
list is empty). The question follows as a heading. The first paragraph is the answer, which stands on the
page; all of it stands in the file of the note's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from xling.errors import InputError
from xling.faults import faults

_FRONT = re.compile(r"---\n(?P<front>.*?)^---\n", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(r"\s*# (?P<title>.+)\n")


class Front(BaseModel):
    """What a note may begin with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: tuple[str, ...] = ()
    shown: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Note:
    """A note. rows: names and patterns of what it is of; shown: the recipes that the page shows."""

    name: str
    title: str
    text: str
    rows: tuple[str, ...]
    shown: tuple[str, ...]

    @property
    def answer(self) -> str:
        """The first paragraph."""
        return re.split(r"\n\s*\n", self.text, maxsplit=1)[0]


def read_notes(folder: Path) -> list[Note]:
    """Read the notes of a folder, in the order of their names; InputError names the file of a bad one."""
    return [_note(path) for path in sorted(folder.glob("*.md"))]


def owner(name: str, notes: Iterable[Note]) -> Note | None:
    """Return the note that the rows of a name belong to: one that names it, else one whose pattern does."""
    claims = [(note, pattern) for note in notes for pattern in note.rows if fnmatchcase(name, pattern)]
    return min(claims, key=lambda claim: claim[1] != name, default=(None, ""))[0]


def unnamed(name: str) -> Note:
    """Return what stands for a note that nobody has written yet."""
    return Note(name=name, title=name, text="", rows=(name,), shown=(name,))


def _note(path: Path) -> Note:
    name, text = path.stem.partition("-")[2] or path.stem, path.read_text(encoding="utf-8")
    front, text = _front(path, text)
    heading = _TITLE.match(text)
    return Note(
        name=name,
        title=heading["title"].strip() if heading else name,
        text=(text[heading.end() :] if heading else text).strip("\n"),
        rows=(name, *front.rows),
        shown=(name,) if front.shown is None else front.shown,
    )


def _front(path: Path, text: str) -> tuple[Front, str]:
    found = _FRONT.match(text)
    if not found:
        return Front(), text
    try:
        front = Front.model_validate(yaml.safe_load(found["front"]) or {})
    except yaml.YAMLError as error:
        raise InputError("what stands between the lines of --- is not YAML", where=path) from error
    except ValidationError as error:
        raise InputError(faults(error, Front), where=path) from error
    return front, text[found.end() :]
