"""The lines of a user's text file a few at a time, so that a long file need not fit into memory."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from xling.data.textfile import find
from xling.errors import InputError

_GZIP_MAGIC = b"\x1f\x8b"
_BLOCK_BYTES = 1 << 16


def stream_lines(path: str | Path) -> Iterator[str]:
    """Yield what `read_lines` returns; what it raises is raised when the bad line is reached.

    A file of old Macs, whose lines end in a carriage return alone, is held whole.
    """
    found, blank = find(Path(path)), True
    blocks = _texts(found)
    first = next(blocks, "")
    end = "\r\n" if "\n" in first else "\r"  # the first block without a line end is the whole file
    for text in chain([first], blocks):
        blank = blank and not text.strip()
        yield from text.replace(end, "\n").removesuffix("\n").split("\n")
    if blank:
        raise InputError("the file is empty", where=found)


def raw_lines(path: Path) -> Iterator[list[bytes]]:
    """Yield the lines of a file, unpacked if it is gzipped, with their ends, some of them at a time.

    Raises InputError when it cannot be read.
    """
    try:
        with path.open("rb") as file:
            packed = path.suffix == ".gz" or file.peek(2).startswith(_GZIP_MAGIC)
            content = io.BufferedReader(gzip.GzipFile(fileobj=file)) if packed else file
            while lines := content.readlines(_BLOCK_BYTES):
                yield lines
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError("not a whole gzip file", where=path, hint="fetch or pack it again") from error
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=path) from error


def _texts(path: Path) -> Iterator[str]:
    """Yield a file in blocks of whole lines, the first without a byte order mark."""
    before = 0  # lines in earlier blocks
    for number, data in enumerate(map(b"".join, raw_lines(path))):
        try:
            text = data.decode("utf-8" if number else "utf-8-sig")
        except UnicodeDecodeError as error:
            utf16 = not number and data[:2] in (b"\xff\xfe", b"\xfe\xff")
            raise InputError(
                f"not UTF-8{' (but UTF-16?)' if utf16 else ''}: byte 0x{error.object[error.start]:02x}",
                where=path,
                line=before + error.object.count(b"\n", 0, error.start) + 1,
                hint="convert the file to UTF-8, for example with iconv",
            ) from error
        before += text.count("\n")
        yield text
