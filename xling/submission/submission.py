"""Shared tasks, the rows of a predictions file, the organisers' metrics, and the zip file to submit."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xling.data.rows import JSON_ENDINGS, Record, as_text, read_rows
from xling.data.textfile import ending
from xling.errors import InputError
from xling.languages import UNKNOWN
from xling.printable import shown
from xling.tasks.xsid_scorer import xsid_compatible_f1

_THE_SAME_EACH_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can hold
_UNIX, _PLAIN_FILE = 3, 0o100644 << 16
Tags = Sequence[Sequence[str]]


class Predicted(Record):
    """A row of a predictions file."""

    @property
    def id(self) -> str | None:
        """The id of the row, or None if it has none."""
        return as_text(self.cells.get("id"))

    def choice(self, column: str, choices: Iterable[str]) -> str:
        """Return the label in a column.

        Raises InputError when the row has no such column, or its label is not one of the choices.
        """
        if column not in self.cells:
            there = ", ".join(map(shown, list(self.cells)[:10]))
            hint = "write the predictions with xling predict and a task module of this task"
            raise self.place.fault(f"the row has no {column!r}, but {there}", hint=hint)
        value = self.cells[column]
        allowed = list(choices)
        if not isinstance(value, str) or value not in allowed:
            hint = "rename it in the predictions, or train with the labels of the shared task"
            raise self.place.fault(
                f"the {column} {quoted(value)} is none of the task's", choices=allowed, hint=hint
            )
        return value

    def texts(self, column: str) -> list[str] | None:
        """Return the list of texts in a column, or None if it holds anything else."""
        value = self.cells.get(column)
        return value if isinstance(value, list) and all(isinstance(item, str) for item in value) else None


@dataclass(frozen=True)
class Predictions:
    """A predictions file. Its rows keep the order of the file."""

    path: Path
    rows: tuple[Predicted, ...]

    def languages(self) -> set[str]:
        """Return the languages that the rows name."""
        named = {as_text(row.cells.get("language")) for row in self.rows}
        return {language for language in named if language and language != UNKNOWN}


@dataclass(frozen=True, kw_only=True)
class SharedTask:
    """A shared task as values and functions.

    write: returns the bytes of a submission file from the participants' test file, the predictions for it and
    the language code; raises InputError for the first row that cannot be submitted.
    validate: checks a file's name and bytes against the participants' test file by the organisers' rules,
    independently of `write`. It returns the number of rows, and raises InputError for the first faulty line.
    score: returns the organisers' metrics in percent from a file's bytes and the test file; the mapping is
    empty without gold labels.
    pattern: the name of a submission file with `{code}` in it. With None, files keep the test file's name and
    need no code.
    codes: the task's own language codes.
    languages: the code for each canonical language tag.
    stated: returns the code that a test file states inside, or None.
    """

    write: Callable[[Path, Predictions, str], bytes]
    validate: Callable[[str, bytes, Path], int]
    score: Callable[[bytes, Path], dict[str, float]]
    pattern: str | None = None
    codes: tuple[str, ...] = ()
    languages: Mapping[str, str] = field(default_factory=dict)
    stated: Callable[[Path], str | None] | None = None


def read_predictions(path: Path) -> Predictions:
    """Return the rows that `xling predict` wrote.

    Raises InputError for a file that is not JSON lines, and for broken JSON, with its line.
    """
    if ending(path) not in JSON_ENDINGS:
        hint = "let xling predict write to a .jsonl file"
        raise InputError("predictions are JSON lines", where=path, choices=JSON_ENDINGS, hint=hint)
    return Predictions(path, tuple(Predicted(row.cells, row.place, row.header) for row in read_rows(path)))


def quoted(value: object) -> str:
    """Return a value as error messages show it: texts in quotes, anything else unchanged."""
    return repr(shown(value)) if isinstance(value, str) else shown(value)


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """Return a zip file with the files at its root, sorted by name. Equal files give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=_THE_SAME_EACH_TIME)
            entry.create_system, entry.external_attr = _UNIX, _PLAIN_FILE
            archive.writestr(entry, files[name], compress_type=zipfile.ZIP_DEFLATED, compresslevel=9)
    return buffer.getvalue()


def weighted_f1(gold: Sequence[str], found: Sequence[str]) -> float:
    """Return the mean F1 of the labels in percent, weighted by their gold frequency (scikit-learn)."""
    from sklearn.metrics import f1_score

    none: Any = 0  # scikit-learn declares a text but accepts a number too
    return _percent(float(f1_score(list(gold), list(found), average="weighted", zero_division=none)))


def accuracy(gold: Sequence[str], found: Sequence[str]) -> float:
    """Return the percentage of labels that equal the gold ones."""
    return _percent(sum(own == right for own, right in zip(found, gold, strict=True)) / max(len(gold), 1))


def span_f1(gold: Tags, found: Tags) -> float:
    """Return the micro F1 in percent of spans with the right bounds and type (seqeval, not strict)."""
    from seqeval.metrics.sequence_labeling import f1_score

    none: Any = 0  # seqeval declares a text but accepts a number too
    right, own = [list(tags) for tags in gold], [list(tags) for tags in found]
    value: Any = f1_score(right, own, average="micro", zero_division=none)
    return _percent(float(value))


def xsid_figure(gold: Tags, found: Tags) -> float:
    """Return the micro F1 in percent as the evaluation script of the xSID repository counts spans."""
    return round(xsid_compatible_f1(gold, found), 2)


def _percent(share: float) -> float:
    return round(100 * share, 2)
