"""AmericasNLI: one TSV file per language with `language premise hypothesis label`, one row per test row."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from xling.data.line_stream import read_lines
from xling.errors import InputError
from xling.submission.aligning import by_id, by_order, refuse_repeated_ids
from xling.submission.submission import Predicted, Predictions, SharedTask, accuracy, quoted
from xling.submission.tables import TableRow, gold_labels, table_rows

LABELS = ("entailment", "neutral", "contradiction")
HEADER: tuple[str, ...] = ("language", "premise", "hypothesis", "label")
TEXTS = ("premise", "hypothesis")
LANGUAGES: Mapping[str, str] = {
    "ayr": "aym", "bzd": "bzd", "cni": "cni", "gug": "gn", "hch": "hch", "nah": "nah", "oto": "oto",
    "quy": "quy", "shp": "shp", "tar": "tar",
}  # fmt: skip
CODES = tuple(LANGUAGES.values())


def write(test: Path, predictions: Predictions, code: str) -> bytes:
    """Return the submission file: the rows of the test file, texts unchanged, with the predicted labels."""
    rows = _rows(test)
    _check_language(rows, code)
    align = by_id if rows[0].id is not None else by_order
    matched = align(rows, predictions, _other_texts)
    lines = [list(HEADER)]
    for row, own, texts in zip(rows, matched, _as_written(rows, test), strict=True):
        lines.append([_cell(row.cells.get("language", code)), *texts, own.choice("label", LABELS)])
    return "".join("\t".join(cells) + "\n" for cells in lines).encode("utf-8")


def validate(name: str, data: bytes, test: Path) -> int:
    """Check the header, the columns, the labels, and that the texts are those of the test file in its order.

    Returns the number of rows. Raises InputError for the first fault.
    """
    table = list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), delimiter="\t", strict=True))
    if not table or tuple(table[0]) != HEADER:
        raise InputError(f"the header is not {' '.join(HEADER)}", where=name, line=1)
    wanted, found = _rows(test), table[1:]
    if len(found) != len(wanted):
        raise InputError(f"{len(found)} rows where the test file has {len(wanted)}", where=name)
    for number, (row, cells) in enumerate(zip(wanted, found, strict=True), start=2):
        if len(cells) != len(HEADER) or cells[3] not in LABELS:
            problem = f"the label is {quoted(cells[-1])}, in {len(cells)} columns"
            raise InputError(problem, where=name, line=number, choices=LABELS)
        if cells[1:3] != [row.cells[text] for text in TEXTS]:
            raise InputError(f"the texts are not those of {row.place}", where=name, line=number)
        if cells[0] != row.cells.get("language", Path(name).stem):
            raise InputError(
                f"the language {quoted(cells[0])} is not that of {row.place}", where=name, line=number
            )
    return len(found)


def score(data: bytes, test: Path) -> dict[str, float]:
    """Return the accuracy in percent, or an empty mapping without gold labels."""
    gold = gold_labels(_rows(test), LABELS)
    if gold is None:
        return {}
    table = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), delimiter="\t")
    return {"accuracy": accuracy(gold, [cells[3] for cells in table][1:])}


def stated(test: Path) -> str | None:
    """Return the code in the language column, or None if the rows have several or an unknown one."""
    languages = {row.cells.get("language") for row in _rows(test)}
    found = languages.pop() if len(languages) == 1 else None
    return found if found in CODES else None


def _rows(test: Path) -> list[TableRow]:
    optional = {"id": ("id", "ID"), "language": ("language",), "label": ("label",)}
    rows = table_rows(test, {text: (text,) for text in TEXTS}, optional)
    if rows[0].id is not None:
        refuse_repeated_ids(rows, test)
    return rows


def _check_language(rows: Sequence[TableRow], code: str) -> None:
    """Raise InputError when a row's language is not that of the file."""
    first = rows[0].cells.get("language", code)
    for row in rows:
        own = row.cells.get("language", code)
        if own != first or (own in CODES and own != code):
            other = code if own == first else first
            raise InputError(
                f"a row in {quoted(own)} in the file of {quoted(other)}",
                where=row.path,
                line=row.line,
                hint="give one test file a language, and the --code of that language",
            )


def _other_texts(row: TableRow, own: Predicted) -> str | None:
    for text in TEXTS:
        value = own.cells.get(text)
        if value is not None and value != row.cells[text]:
            return f"the {text} is {quoted(value)} and not that"
    return None


def _as_written(rows: Sequence[TableRow], test: Path) -> list[list[str]]:
    """Return premise and hypothesis of each row, byte for byte where a row is one line of plain cells."""
    lines = read_lines(test)
    header = lines[0].split("\t")
    written: list[list[str]] = []
    before = 1
    for row in rows:
        cells = lines[row.line - 1].split("\t")
        plain = row.line == before + 1 and len(cells) == len(header) and set(TEXTS) <= set(header)
        values = [cells[header.index(text)] for text in TEXTS] if plain else []
        written.append(values or [_cell(row.cells[text]) for text in TEXTS])
        before = row.line
    return written


def _cell(text: str) -> str:
    """Return a text as a cell, in quotes where it needs them."""
    return '"' + text.replace('"', '""') + '"' if set(text) & set('"\t\r\n') else text


TASK = SharedTask(
    write=write,
    validate=validate,
    score=score,
    pattern="{code}.tsv",
    codes=CODES,
    languages=LANGUAGES,
    stated=stated,
)
