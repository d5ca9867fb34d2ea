"""From files and rows to examples: what a reader is told, which formats a task has, and who reads them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from xling.data.conll import ConllLayout
from xling.data.examples import Example
from xling.data.formats import AUTO, ENDINGS, FORMATS, format_of
from xling.data.rows import Columns, Record, as_text, read_rows
from xling.data.squad import read_articles
from xling.data.text import line_rows
from xling.errors import InputError
from xling.tasks.registry import task_named

TABLES = ("tsv", "csv", "jsonl")
# formats whose rows a task makes its examples of
_ROWS: Mapping[str, Callable[[str | Path], Iterable[Record]]] = {
    **{name: partial(read_rows, format=name) for name in TABLES},
    "json": read_articles,
    "text": line_rows,
}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What is read, and how.

    where: a file, or the name of the data set that rows are from. language: of what does not tell its own.
    gold: whether labels are read, and must be there. labels: other names for labels (`O` drops a type of
    spans). columns: as a data card names them; None for a user's own file, whose columns have their usual
    names. layout: of a data card's CoNLL columns.
    """

    where: str | Path
    language: str
    format: str = ""
    gold: bool = True
    labels: Mapping[str, str] = field(default_factory=dict)
    columns: Columns | None = None
    layout: ConllLayout | None = None

    def identity(self, row: Record, number: int) -> str:
        """The id that a row of a user's own file tells, else its number."""
        return (self.columns is None and as_text(row.cells.get("id"))) or str(number)

    def language_of(self, row: Record) -> str:
        """The language that a row of a user's own file tells, else that of the whole."""
        return (self.columns is None and as_text(row.cells.get("language"))) or self.language


Reader = Callable[[Reading], Iterable[Any]]


@dataclass(frozen=True, kw_only=True)
class Files:
    """The formats of a task's files.

    rows: those whose rows the task's `of_rows` reads, of `tsv`, `csv`, `jsonl`, `json` (SQuAD) and `text`.
    readers: those that have a reader of their own. input_only: those of both that hold no gold labels.
    usual: the format of labelled files whose ending says nothing. endings: of formats that are not in
    `xling.data.formats.ENDINGS`, such as {".mine": "mine"}.
    """

    rows: tuple[str, ...] = ()
    readers: Mapping[str, Reader] = field(default_factory=dict)
    input_only: Collection[str] = ()
    usual: str | None = None
    endings: Mapping[str, str] = field(default_factory=dict)

    def formats(self, *, gold: bool) -> list[str]:
        """Those that can be read, with gold labels or without."""
        order = dict.fromkeys((*FORMATS, *self.endings.values(), *self.readers))
        known = {*self.rows, *self.readers}.difference(self.input_only if gold else ())
        return [name for name in order if name in known]

    def open(self, *, gold: bool) -> str | None:
        """The format of an ending that says nothing (see `format_of`)."""
        if gold:
            return self.usual
        return "columns" if "conll" in self.readers else "text" if "text" in self.rows else None


@runtime_checkable
class ReadsExamples(Protocol):
    """The part of a task that reads, for which no torch is needed."""

    name: str

    @property
    def files(self) -> Files:
        """The formats of its files."""
        ...

    def of_rows(self, rows: Iterable[Record], how: Reading) -> list[Any]:
        """The examples of rows, from a file or the Hub; InputError tells the place of what is at fault."""
        ...

    def label_names(self, example: Any) -> Iterable[str]:
        """What a data card's label set names, as an example's gold has it: labels, types of spans."""
        ...


def read_labelled(path: Path, *, task: str, language: str, format: str = AUTO) -> list[Example]:
    """Examples with gold labels, in one of the formats that the task's files have."""
    own = task_named(task)
    return read_file(own, Reading(where=path, language=language, format=format_in(own, path, format)))


def read_input(path: Path, *, task: str, language: str, format: str = AUTO) -> list[Example]:
    """Examples to predict: as `read_labelled` without the labels, or plain text where the task takes it.

    Plain text is one example a line, split into tokens by `xling.data.tokenise.words` where need be.
    """
    own, known = task_named(task), input_format(path, task=task, format=format)
    return read_file(own, Reading(where=path, language=language, format=known, gold=False))


def input_format(path: Path, *, task: str, format: str = AUTO) -> str:
    """The format in which `read_input` reads a file."""
    return format_in(task_named(task), path, format, gold=False)


def format_in(task: ReadsExamples, path: Path, told: str = AUTO, *, gold: bool = True) -> str:
    """The format of a file, as told or found out; InputError for one that the task has not."""
    files = task.files
    return format_of(
        path,
        task=task.name,
        accepted=files.formats(gold=gold),
        told=told,
        open=files.open(gold=gold),
        endings={**ENDINGS, **files.endings},
    )


def read_file(task: ReadsExamples, how: Reading) -> list[Any]:
    """The examples of a file whose format is known; InputError where its content is not that."""
    if how.format in task.files.readers:
        return list(task.files.readers[how.format](how))
    if how.format not in task.files.rows:
        raise InputError(f"{task.name} is not read from {how.format!r}", where=how.where)
    return task.of_rows(_ROWS[how.format](how.where), how)
