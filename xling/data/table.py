"""Tables of texts with labels: which columns to read, and rows as examples."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from xling.data.cells import shown
from xling.data.examples import LabelledText
from xling.data.place import Place
from xling.data.rows import as_text, read_rows, table_format
from xling.errors import InputError


class Columns(BaseModel):
    """Which columns hold what.

    pair: the second text of a pair. label: None for input without gold. id: rows are numbered
    without it. labels: of texts with any number of labels, one column of zeros and ones each, in place
    of label.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    text: str = "text"
    label: str | None = "label"
    pair: str | None = None
    id: str | None = None
    labels: tuple[str, ...] = ()

    def named(self) -> tuple[str, ...]:
        """The columns that must be there."""
        single = (self.text, self.pair, None if self.labels else self.label, self.id)
        return (*(name for name in single if name is not None), *self.labels)

    def filled(self, upstream: str) -> Columns:
        """With {upstream} replaced by the name that a language has in the data set."""
        values = {role: _filled(value, upstream) for role, value in self.model_dump().items()}
        return Columns.model_validate(values)


def _filled(value: str | tuple[str, ...] | None, upstream: str) -> str | tuple[str, ...] | None:
    if isinstance(value, tuple):
        return tuple(name.format(upstream=upstream) for name in value)
    return value and value.format(upstream=upstream)


USUAL_COLUMNS = Columns()


def read_table(
    path: str | Path,
    *,
    language: str,
    columns: Columns = USUAL_COLUMNS,
    labels: Mapping[str, str] | None = None,
    format: str | None = None,
) -> list[LabelledText]:
    """Rows of a `.tsv`, `.csv` or `.jsonl` file, or its `.gz`.

    format: `tsv`, `csv` or `jsonl`, by the ending where not told. labels: other names for labels. Labels are
    stripped and put in Unicode's composed form, so that two spellings of one label are one; a blank one is
    no gold. Raises InputError naming file and line for a missing column (with those there are), a ragged
    row, broken quoting or broken JSON.
    """
    by_line = table_format(path, format) == "jsonl"
    examples: list[LabelledText] = []
    for number, cells in read_rows(path, format):
        place = Place(path, number)
        require(columns, cells, place if by_line else Place(path, 1))
        texts = {column: as_text(cells[column]) for column in columns.named()}
        for column, text in texts.items():
            no_gold = cells[column] is None and column in (columns.label, columns.id)
            if text is None and not no_gold:
                raise place.fault(f"the column {column!r} holds {shown(cells[column])}, no text")
        examples.append(_example(texts, columns, names=labels or {}, language=language, index=len(examples)))
    if not examples:
        raise InputError("no row below the header", where=path)
    return examples


def require(columns: Columns, cells: Mapping[str, object], place: Place) -> None:
    """InputError names the first column that a row lacks, and those it has."""
    for column in columns.named():
        if column not in cells:
            raise place.fault(
                f"no column {column!r}",
                choices=[shown(name) for name in list(cells)[:20]],
                hint="name the column to read",
            )


def _example(
    texts: Mapping[str, str | None], columns: Columns, *, names: Mapping[str, str], language: str, index: int
) -> LabelledText:
    label = texts[columns.label] if columns.label else None
    if label is not None:
        label = unicodedata.normalize("NFC", label.strip())
        label = names.get(label, label) or None  # a blank cell is no gold, and no class of its own
    identity = texts[columns.id] if columns.id else None
    return LabelledText(
        text=texts[columns.text] or "",
        label=label,
        id=str(index) if identity is None else identity,
        language=language,
        pair=texts[columns.pair] if columns.pair else None,
    )
