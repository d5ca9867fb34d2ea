"""Reading the bytes of users' files, unpacked where they are gzipped, within what a file's size justifies."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from xling.errors import InputError

RATIO, FLOOR = 50, 2**26  # of unpacked to packed bytes: text reaches about 10, tables of zeros 30; and bytes
_GZIP_MAGIC = b"\x1f\x8b"


@contextmanager
def content(path: Path) -> Iterator[IO[bytes]]:
    """Open a file's content, unpacked if it is gzipped.

    Raises InputError when it cannot be read, and when a gzip file unpacks to more than `RATIO` times its size
    and more than `FLOOR` bytes.
    """
    try:
        with path.open("rb") as file:
            if path.suffix != ".gz" and not file.peek(2).startswith(_GZIP_MAGIC):
                yield file
                return
            most = max(FLOOR, RATIO * path.stat().st_size)
            yield io.BufferedReader(_Bounded(gzip.GzipFile(fileobj=file), most, path), 2**20)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError("not a whole gzip file", where=path, hint="fetch or pack it again") from error
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=path) from error


class _Bounded(io.RawIOBase):
    """The content of a gzip file; raises InputError past `most` bytes."""

    def __init__(self, unpacked: gzip.GzipFile, most: int, path: Path) -> None:
        self.unpacked, self.left, self.path = unpacked, most, path

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = self.unpacked.read(len(buffer))
        self.left -= len(found)
        if self.left < 0:
            raise InputError(
                f"unpacks to more than {RATIO} times its size, as no text does",
                where=self.path,
                hint="if you trust it, unpack it by gunzip --keep, look at it, and give what came out",
            )
        buffer[: len(found)] = found
        return len(found)
