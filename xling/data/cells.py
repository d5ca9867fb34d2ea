"""Splitting lines of TSV and CSV into cells, with the quoting of csv and pandas, without losing a row.

The csv library treats a quotation mark at the start of a cell as the opening of a quoted field. If the mark
is a lone one in the text, all lines up to the next closing mark disappear into that field. Therefore a TSV
line with the right number of cells is read as a row by itself, unless one of the lines that csv would join to
it has a different number of cells.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path

from xling.data.textfile import check_length
from xling.errors import InputError

csv.field_size_limit(2**31 - 1)  # the default limit, 131,072 characters, is shorter than some documents

_CLOSED = re.compile(r'"(?:[^"]|"")*"')
_MOST_JOINED = 10_000  # lines in one quoted field; an open quote would take in the rest of a long file
_DOUBLE = "put a field that holds a quote in double quotes, and double the quotes inside"

Record = tuple[int, list[str]]  # line number, cells


def cell_records(lines: Iterable[str], delimiter: str, *, where: str | Path) -> Iterator[Record]:
    """Yield the first line number and the cells of every non-empty record, starting with the header.

    All records have as many cells as the header. Raises InputError naming the line when a record has a
    different number of cells, when its quoting is broken, and when a quoted field spans lines that could each
    be a record.
    """
    ahead = _Ahead(lines)
    table = _Table(ahead, delimiter, where)
    width, start = 0, 0
    while ahead.has(start):
        ahead.forget(start)
        if not ahead[start]:
            start += 1
            continue
        end, cells = table.record(start, width)
        for cell in cells:
            check_length(cell, where, start + 1)
        yield start + 1, cells
        width, start = width or len(cells), end


class _Ahead:
    """Lines by their index, which are read when they are asked for and kept until they are forgotten."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._unread, self._held, self._first = iter(lines), deque[str](), 0

    def has(self, index: int) -> bool:
        """Return whether there is such a line, after reading up to it."""
        missing = index + 1 - self._first - len(self._held)
        self._held.extend(islice(self._unread, max(0, missing)))
        return index < self._first + len(self._held)

    def __getitem__(self, index: int) -> str:
        return self._held[index - self._first]

    def between(self, start: int, end: int) -> Iterator[str]:
        """Yield the lines from one index to before another, fewer at the end of the file."""
        return (self[index] for index in takewhile(self.has, range(start, end)))

    def forget(self, before: int) -> None:
        """Drop the lines before an index."""
        while self._held and self._first < before:
            self._held.popleft()
            self._first += 1


@dataclass(frozen=True)
class _Table:
    lines: _Ahead
    delimiter: str
    where: str | Path

    def record(self, start: int, width: int) -> Record:
        """Return the line number after the record that begins at line `start`, and the cells of the record.

        width: the number of cells in the header, or 0 when the header itself is read.
        """
        plain = self.lines[start].split(self.delimiter)
        right = len(plain) == width or not width
        if right and not (any(map(_opens, plain)) and self._goes_on(start, width)):
            return start + 1, list(map(_unquoted, plain))
        try:
            end, quoted = self._quoted(start)
        except csv.Error as error:
            problem = f"cannot be split into columns: {error}"
            raise InputError(problem, where=self.where, line=start + 1, hint=_DOUBLE) from error
        if end - start > 1 and self._doubtful(start, end, width, right):
            raise InputError(
                f"a quoted field runs on to line {end}, though the lines between have {width} columns each",
                where=self.where,
                line=start + 1,
                hint=f"{_DOUBLE}; or write JSON lines",
            )
        if width and len(quoted) != width:
            raise InputError(
                f"{len(quoted)} columns where the header has {width}",
                where=self.where,
                line=start + 1,
                hint="put a field that holds a quote or the separator in double quotes",
            )
        return end, quoted

    def _goes_on(self, start: int, width: int) -> bool:
        """Return whether a line must be joined to those after it although its number of cells is right."""
        if not self._by_line():
            return True
        try:
            end, quoted = self._quoted(start)
        except csv.Error:
            return False
        return len(quoted) == (width or len(quoted)) and not self._stand_alone(start, end, width)

    def _by_line(self) -> bool:
        """Return whether a line with the right number of cells is always a record, despite its quotes."""
        return self.delimiter == "\t"

    def _quoted(self, start: int) -> Record:
        """Return the line after what csv reads from `start` on, and its cells.

        Raises csv.Error for broken quoting.
        """
        rest = (f"{line}\n" for line in self.lines.between(start, start + _MOST_JOINED))
        reader = csv.reader(rest, delimiter=self.delimiter, quotechar='"', strict=True)
        cells = next(reader)
        return start + reader.line_num, cells

    def _stand_alone(self, start: int, end: int, width: int) -> bool:
        """Return whether every line that csv joins to the first one looks like a record itself."""
        return all(self._is_record(line, width) for line in self.lines.between(start + 1, end))

    def _is_record(self, line: str, width: int) -> bool:
        """Return whether a line looks like a record: it has the right number of cells.

        In CSV, a comma followed by a space is taken for punctuation in a text, not for a separator.
        """
        cells = line.split(self.delimiter)
        return len(cells) == width and (self._by_line() or not any(cell.startswith(" ") for cell in cells))

    def _doubtful(self, start: int, end: int, width: int, right: bool) -> bool:
        """Return whether joining lines may swallow records, because the joined lines look like records."""
        first = right and self._is_record(self.lines[start], width)
        return bool(width) and (first or end - start > 2) and self._stand_alone(start, end, width)


def _opens(cell: str) -> bool:
    """Return whether a cell opens a quoted field that does not end in the same cell."""
    return cell.startswith('"') and not _CLOSED.fullmatch(cell)


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if _CLOSED.fullmatch(cell) else cell
