"""The page of results and the files behind it, as text by path: of the ledger's rows and the notes alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import kinds_tables
import lab_tables
import score_tables
from notes import Note, owner, unnamed
from tables import Row, folded, free_table, text

PAGE, FOLDER = "results.md", "results"
_NO_NAME = re.compile(r"[^\w.-]+")
_MADE = (
    "<!-- Made by benchmarks/make_results.py from results.jsonl and notes/: "
    "edit those and run `make results`. -->"
)
_READING = """## How to read the tables

Scores are in percent with their 95% bootstrap intervals; of several seeds, the mean ± the standard
deviation, and the span of all their intervals. *none* is the control: the task module trained and used
without a language module. *source* keeps the source language's module under the task module, *target* puts
the language's own there. *gain* is the own module, or the method, minus none on the same examples: it
helps or harms only where its interval leaves out zero. What did not work stands here too.
"""


@dataclass(frozen=True)
class Section:
    """A question, and the rows of the ledger that answer it, by the name of their recipe or benchmark."""

    note: Note
    rows: Mapping[str, Sequence[Row]]

    @property
    def path(self) -> str:
        """The file with all of it, beside the page."""
        return f"{FOLDER}/{_NO_NAME.sub('-', self.note.name)}.md"


def pages(rows: Sequence[Row], notes: Sequence[Note]) -> dict[str, str]:
    """The page and its files. A note that no row belongs to stands on the page in whole, above all others."""
    sections = _sections(rows, notes)
    placed = [section.note for section in sections]
    general = [note for note in notes if note not in placed]
    parts = ["# Results\n", _MADE, *(f"## {note.title}\n\n{note.text}\n" for note in general), _READING]
    parts += [part for section in sections for part in _short(section)]
    parts += [] if rows else ["Nothing has been recorded yet.\n"]
    return {PAGE: _joined(parts), **{section.path: _joined(_long(section)) for section in sections}}


def _sections(rows: Sequence[Row], notes: Sequence[Note]) -> list[Section]:
    """Those with a note in the order of the notes, then the others in that of the ledger."""
    named: dict[str, list[Row]] = {}
    for row in rows:
        named.setdefault(str(row.get("question") or row.get("recipe")), []).append(row)
    owners = {name: owner(name, notes) or unnamed(name) for name in named}
    order = [note for note in notes if note in owners.values()]
    order += [note for note in owners.values() if note not in notes]
    return [Section(note, {name: named[name] for name in named if owners[name] == note}) for note in order]


def _short(section: Section) -> Iterator[str]:
    """A section of the page: the question, the answer, and a small table."""
    every = [row for found in section.rows.values() for row in found]
    recipes = [section.rows.get(name, ()) for name in section.note.shown]
    suites = lab_tables.of_lab([row for found in recipes for row in found]) or lab_tables.of_lab(every)
    yield f"## {text(section.note.title)}\n"
    yield section.note.answer
    if section.note.shown:
        yield from kinds_tables.means(every)
        yield from lab_tables.last_scores(suites)
        yield from score_tables.last_runs(
            [found for found in recipes if found and "question" not in found[0]]
        )
    yield f"[All that was measured, and how]({section.path})\n"


def _long(section: Section) -> Iterator[str]:
    """The file of a section: all that its note says, and a table of every row."""
    yield f"# {text(section.note.title)}\n"
    yield _MADE
    yield f"[All results, and how to read the tables](../{PAGE})\n"
    yield section.note.text
    yield from kinds_tables.by_task([row for found in section.rows.values() for row in found])
    for name, found in section.rows.items():
        yield f"## {text(name)}\n"
        yield from _tables(found)


def _tables(rows: Sequence[Row]) -> Iterator[str]:
    if "question" not in rows[0]:
        yield from score_tables.every_run(rows)
    elif lab_tables.of_lab(rows):
        yield from lab_tables.every_score(rows)
    else:
        yield from _benchmark(rows)


def _benchmark(rows: Sequence[Row]) -> Iterator[str]:
    """Tables of benchmark rows with the same columns; the rows of single pairs are folded away."""
    tables: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        tables.setdefault(tuple(key for key in row if key != "question"), []).append(row)
    for columns, found in sorted(tables.items(), key=lambda item: "pair" in item[0]):
        shown = free_table(columns, found)
        yield folded("Every pair", shown) if "pair" in columns else shown


def _joined(parts: Iterator[str] | Sequence[str]) -> str:
    return "\n".join(part.strip("\n") + "\n" for part in parts if part)
