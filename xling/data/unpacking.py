"""Reading the bytes of users' files, unpacked where they are gzipped, within what a file's size justifies."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xling.errors import InputError

RATIO = 50  # of unpacked to packed bytes: text reaches about 10, tables of zeros 30
FLOOR = 2**20  # bytes that any file may unpack to
_GZIP_MAGIC = b"\x1f\x8b"


@contextmanager
def content(path: Path) -> Iterator[io.BufferedReader]:
    """Open a file's content, unpacked if it is gzipped.

    Raises InputError when it cannot be read, and when a gzip file, or what was read of it, unpacks to more
    than `RATIO` times its size and more than `FLOOR` bytes.
    """
    try:
        with path.open("rb") as file:
            if path.suffix != ".gz" and not file.peek(2).startswith(_GZIP_MAGIC):
                yield file
                return
            yield io.BufferedReader(_Bounded(file, path), 2**20)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError("not a whole gzip file", where=path, hint="fetch or pack it again") from error
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=path) from error


class _Bounded(io.RawIOBase):
    """The content of a gzip file; raises InputError when it is far more than what was read of the file."""

    def __init__(self, packed: io.BufferedReader, path: Path) -> None:
        self.packed, self.path, self.count = packed, path, 0
        self.unpacked = gzip.GzipFile(fileobj=packed)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = self.unpacked.read(len(buffer))
        self.count += len(found)
        if self.count > max(FLOOR, RATIO * self.packed.tell()):
            raise InputError(
                f"unpacks to more than {RATIO} times its size, as no text does",
                where=self.path,
                hint="if you trust it, unpack it by gunzip --keep, look at it, and give what came out",
            )
        buffer[: len(found)] = found
        return len(found)
