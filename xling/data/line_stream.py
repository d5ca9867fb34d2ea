"""The lines of a user's text file a few at a time, so that a long file need not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from io import BufferedReader
from itertools import chain, islice
from pathlib import Path

from xling.data.textfile import LONGEST, check_length, decoded, find, too_long
from xling.data.unpacking import content
from xling.errors import InputError

_BLOCK_LINES = 1000
_MOST_BYTES = 4 * LONGEST + 2  # of a line of `LONGEST` characters with its end


def read_lines(path: str | Path) -> list[str]:
    """Return the lines of a text file or its `.gz` without line ends; a byte order mark is dropped.

    Raises InputError for a missing or empty file, a damaged `.gz`, bytes that are not UTF-8, or a line that
    is longer than any sentence, row or document.
    """
    return list(stream_lines(path))


def stream_lines(path: str | Path) -> Iterator[str]:
    """Yield what `read_lines` returns; what it raises is raised when the bad line is reached.

    A file of old Macs, whose lines end in a carriage return alone, is held whole, and refused as one line
    where it has more than four times `LONGEST` bytes.
    """
    found, blank, number = find(Path(path)), True, 0
    blocks = _texts(found)
    first = next(blocks, "")
    end = "\r\n" if "\n" in first else "\r"  # the first block without a line end is the whole file
    for text in chain([first], blocks):
        blank = blank and not text.strip()
        for line in text.replace(end, "\n").removesuffix("\n").split("\n"):
            number += 1
            check_length(line, found, number)
            yield line
    if blank:
        raise InputError("the file is empty", where=found)


def raw_lines(path: Path) -> Iterator[list[bytes]]:
    """Yield the lines of a file, unpacked if it is gzipped, with their ends, some of them at a time.

    Raises InputError when it cannot be read, and for a line that is longer than any document.
    """
    with content(path) as file:
        lines = _bounded(path, file)
        while block := list(islice(lines, _BLOCK_LINES)):
            yield block


def _bounded(path: Path, file: BufferedReader) -> Iterator[bytes]:
    for number, line in enumerate(iter(partial(file.readline, _MOST_BYTES), b""), start=1):
        if len(line) == _MOST_BYTES:
            raise too_long(path, number)
        yield line


def _texts(path: Path) -> Iterator[str]:
    """Yield a file in blocks of whole lines, the first without a byte order mark."""
    before = 0  # lines in earlier blocks
    for data in map(b"".join, raw_lines(path)):
        text = decoded(data, path, before=before)
        before += text.count("\n")
        yield text
