"""Lines of TSV and CSV as cells, quoted as csv and pandas write them, without a row lost.

To csv, a text that begins with a lone quotation mark opens a quoted field, and the lines up to the next mark
at the end of a cell vanish in it. So a TSV line that has the right number of cells stands by itself, unless
one of the lines that csv would join to it has another number.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xling.errors import InputError

csv.field_size_limit(2**31 - 1)  # the library's own limit, 131,072 characters, is shorter than some documents

_CLOSED = re.compile(r'"(?:[^"]|"")*"')
_LONGEST = 40
_DOUBLE = "put a field that holds a quote in double quotes, and double the quotes inside"

Record = tuple[int, list[str]]  # (a line, cells)


def cell_records(lines: Sequence[str], delimiter: str, *, where: str | Path) -> Iterator[Record]:
    """The first line and the cells of every record that is not empty, the header first.

    All have as many cells as the header. Raises InputError naming the line for another number, for broken
    quoting, and where a quoted field runs over lines of which each could be a record.
    """
    table = _Table(lines, delimiter, where)
    width, start = 0, 0
    while start < len(lines):
        if not lines[start]:
            start += 1
            continue
        end, cells = table.record(start, width)
        yield start + 1, cells
        width, start = width or len(cells), end


def shown(value: object) -> str:
    """A value short enough for an error's line."""
    text = value if isinstance(value, str) and value.isprintable() else ascii(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


@dataclass(frozen=True)
class _Table:
    lines: Sequence[str]
    delimiter: str
    where: str | Path

    def record(self, start: int, width: int) -> Record:
        """The line after the record that begins in a line, and its cells. width: 0 for the header."""
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
        """Whether a line whose number of cells is right is to be read with those that csv joins to it."""
        if not self._by_line():
            return True
        try:
            end, quoted = self._quoted(start)
        except csv.Error:
            return False
        return len(quoted) == (width or len(quoted)) and not self._stand_alone(start, end, width)

    def _by_line(self) -> bool:
        """Whether a line with the right number of cells is a record by itself, whatever marks it holds."""
        return self.delimiter == "\t"

    def _quoted(self, start: int) -> Record:
        """What csv reads from a line on, and the line after it; csv.Error for broken quoting."""
        rest = (f"{self.lines[line]}\n" for line in range(start, len(self.lines)))
        reader = csv.reader(rest, delimiter=self.delimiter, quotechar='"', strict=True)
        cells = next(reader)
        return start + reader.line_num, cells

    def _stand_alone(self, start: int, end: int, width: int) -> bool:
        """Whether every line after the first that csv joins to it looks like a record itself."""
        return all(self._is_record(line, width) for line in self.lines[start + 1 : end])

    def _is_record(self, line: str, width: int) -> bool:
        """Whether a line has the right number of cells; a comma before a blank is one of prose."""
        cells = line.split(self.delimiter)
        return len(cells) == width and (self._by_line() or not any(cell.startswith(" ") for cell in cells))

    def _doubtful(self, start: int, end: int, width: int, right: bool) -> bool:
        """Whether joining lines may swallow records: more than a quoted text's last line looks like one."""
        first = right and self._is_record(self.lines[start], width)
        return bool(width) and (first or end - start > 2) and self._stand_alone(start, end, width)


def _opens(cell: str) -> bool:
    """Whether a cell begins a quoted field that does not end in it."""
    return cell.startswith('"') and not _CLOSED.fullmatch(cell)


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if _CLOSED.fullmatch(cell) else cell
