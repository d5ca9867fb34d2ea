"""Read files and rows into examples: the settings of a reader, the formats of a task, and their readers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from xling.data.conll import ConllLayout
from xling.data.examples import Example, Translation
from xling.data.formats import AUTO, ENDINGS, FORMATS, format_of
from xling.data.place import Place
from xling.data.rows import Columns, Record, as_text, as_translation, read_rows
from xling.data.squad import read_articles
from xling.data.text import line_rows
from xling.errors import InputError
from xling.tasks.registry import task_named

TABLES = ("tsv", "csv", "jsonl")
# formats that are read row by row with the task's `of_rows`
_ROWS: Mapping[str, Callable[[str | Path], Iterable[Record]]] = {
    **{name: partial(read_rows, format=name) for name in TABLES},
    "json": read_articles,
    "text": line_rows,
}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The settings of a reader.

    where: the path of the file, or the name of the data set that the rows are from. language: the language of
    rows that do not give their own. format: the file's format. gold: whether labels are read and required.
    labels: new names for labels; the name `O` drops a type of span. columns: the column names from a data
    card; None for a user's file, whose columns have the usual names. layout: a data card's layout of CoNLL
    columns.
    """

    where: str | Path
    language: str
    format: str = ""
    gold: bool = True
    labels: Mapping[str, str] = field(default_factory=dict)
    columns: Columns | None = None
    layout: ConllLayout | None = None

    def identity(self, row: Record, number: int) -> str:
        """The id given in a row of a user's file, or else the row's number."""
        return (self.columns is None and as_text(row.cells.get("id"))) or str(number)

    def language_of(self, row: Record) -> str:
        """The language given in a row of a user's file, or else the language of the whole file."""
        return (self.columns is None and as_text(row.cells.get("language"))) or self.language

    def translation_of(self, row: Record) -> Translation | None:
        """The translation given in a row of a user's file, in the column `translation`; None without one."""
        return None if self.columns is not None else as_translation(row.cells.get("translation"))


Reader = Callable[[Reading], Iterable[Any]]


@dataclass(frozen=True, kw_only=True)
class Files:
    """The file formats that a task can read.

    rows: the formats whose rows go to the task's `of_rows`, out of `tsv`, `csv`, `jsonl`, `json` (SQuAD) and
    `text`. readers: the formats with a reader of their own. input_only: the formats among both that have no
    gold labels. usual: the format of labelled files whose ending is not known. endings: file endings of
    formats that are not in `xling.data.formats.ENDINGS`, such as {".mine": "mine"}.
    """

    rows: tuple[str, ...] = ()
    readers: Mapping[str, Reader] = field(default_factory=dict)
    input_only: Collection[str] = ()
    usual: str | None = None
    endings: Mapping[str, str] = field(default_factory=dict)

    def formats(self, *, gold: bool) -> list[str]:
        """The formats that can be read, with gold labels or without."""
        order = dict.fromkeys((*FORMATS, *self.endings.values(), *self.readers))
        known = {*self.rows, *self.readers}.difference(self.input_only if gold else ())
        return [name for name in order if name in known]

    def open(self, *, gold: bool) -> str | None:
        """The format of a file whose ending is not known (see `format_of`); None when there is no default."""
        if gold:
            return self.usual
        return "columns" if "conll" in self.readers else "text" if "text" in self.rows else None


@runtime_checkable
class ReadsExamples(Protocol):
    """The part of a task that reads examples; it does not need torch."""

    name: str

    @property
    def files(self) -> Files:
        """The file formats that the task can read."""
        ...

    def of_rows(self, rows: Iterable[Record], how: Reading) -> Iterable[Any]:
        """Make examples of one row or more; raises InputError that locates a bad row.

        A task that yields them one at a time can read files that do not fit into memory.
        """
        ...

    def label_names(self, example: Any) -> Iterable[str]:
        """The labels or span types in an example's gold labels, as a data card's label set lists them."""
        ...


def read_labelled(path: Path, *, task: str, language: str, format: str = AUTO) -> list[Example]:
    """Read examples with gold labels from a file in one of the task's formats.

    language: the language of examples that do not give their own. format: the file's format; by default, it
    is detected. Raises InputError when the file cannot be read as that format.
    """
    own = task_named(task)
    return read_file(own, Reading(where=path, language=language, format=format_in(own, path, format)))


def read_input(path: Path, *, task: str, language: str, format: str = AUTO) -> list[Example]:
    """Read examples to predict: like `read_labelled` without labels, or plain text if the task allows it.

    Plain text has one example in each line; tasks on tokens split it with `xling.data.tokenise.words`.
    """
    return list(stream_input(path, task=task, language=language, format=format))


def stream_input(path: Path, *, task: str, language: str, format: str = AUTO) -> Iterator[Example]:
    """Yield what `read_input` returns; what it raises is raised when the bad line is reached."""
    own, known = task_named(task), input_format(path, task=task, format=format)
    return stream_file(own, Reading(where=path, language=language, format=known, gold=False))


def unlabelled(task: ReadsExamples, texts: Mapping[str, str], language: str, *, where: str) -> list[Example]:
    """Make unlabelled examples of texts. texts: by id. where: what they are from, for messages."""
    place = Place(where)
    rows = [Record({"id": id, "text": text}, place, place) for id, text in texts.items()]
    return list(task.of_rows(rows, Reading(where=where, language=language, gold=False))) if rows else []


def input_format(path: Path, *, task: str, format: str = AUTO) -> str:
    """Return the format that `read_input` uses for a file."""
    return format_in(task_named(task), path, format, gold=False)


def format_in(task: ReadsExamples, path: Path, told: str = AUTO, *, gold: bool = True) -> str:
    """Return a file's format, given or detected; raises InputError when the task cannot read it."""
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
    """Read the examples of a file in a given format; raises InputError when the content does not fit it."""
    return list(stream_file(task, how))


def stream_file(task: ReadsExamples, how: Reading) -> Iterator[Any]:
    """Yield what `read_file` returns."""
    if how.format in task.files.readers:
        return iter(task.files.readers[how.format](how))
    if how.format not in task.files.rows:
        raise InputError(f"{task.name} is not read from {how.format!r}", where=how.where)
    return _of_records(task, _ROWS[how.format](how.where), how)


def read_records(task: ReadsExamples, rows: Iterable[Record], how: Reading) -> list[Any]:
    """Make a task's examples of the rows of a file or of the Hub; raises InputError when there is none."""
    return list(_of_records(task, rows, how))


def _of_records(task: ReadsExamples, rows: Iterable[Record], how: Reading) -> Iterator[Any]:
    left = iter(rows)
    first = next(left, None)
    if first is None:
        raise InputError("no row with an example, only a header or nothing", where=how.where)
    yield from task.of_rows(chain([first], left), how)
