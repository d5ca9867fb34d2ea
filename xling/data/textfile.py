"""Opening users' text files, plain or gzipped and strictly UTF-8, with one clear line for each error."""

from __future__ import annotations

import difflib
import gzip
import zlib
from pathlib import Path

from xling.errors import InputError

_GZIP_MAGIC = b"\x1f\x8b"


def read_lines(path: str | Path) -> list[str]:
    """Return the lines of a text file or its `.gz` without line ends; a byte order mark is dropped.

    Raises InputError for a missing or empty file, a damaged `.gz`, or bytes that are not UTF-8.
    """
    found = find(Path(path))
    data = read_bytes(found)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        raise InputError(
            f"not UTF-8{' (but UTF-16?)' if utf16 else ''}: byte 0x{data[error.start]:02x}",
            where=found,
            line=data.count(b"\n", 0, error.start) + 1,
            hint="convert the file to UTF-8, for example with iconv",
        ) from error
    if not text.strip():
        raise InputError("the file is empty", where=found)
    text = text.replace("\r\n", "\n") if "\n" in text else text.replace("\r", "\n")  # line ends of old Macs
    return text.removesuffix("\n").split("\n")


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, unpacked if it is gzipped. Raises InputError when it cannot be read."""
    try:
        data = path.read_bytes()
        packed = path.suffix == ".gz" or data.startswith(_GZIP_MAGIC)
        return gzip.decompress(data) if packed else data
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError("not a whole gzip file", where=path, hint="fetch or pack it again") from error
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=path) from error


def find(path: Path) -> Path:
    """Return the path of a file that may be packed (`.gz`) or not, whichever exists.

    Raises InputError with similar file names when neither exists.
    """
    other = path.with_suffix("") if path.suffix == ".gz" else path.with_name(path.name + ".gz")
    try:
        for candidate in (path, other):
            if candidate.is_file():
                return candidate
        around = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
    except OSError as error:
        raise InputError(f"cannot be opened: {error.strerror}", where=path) from error
    near = difflib.get_close_matches(path.name, around, n=4)
    problem = "this is a folder; a file is needed" if path.is_dir() else "no such file"
    raise InputError(problem, where=path, choices=near, hint="check the path")


def ending(path: Path) -> str:
    """Return the ending in lower case, ignoring `.gz`: `.tsv` for `Test.TSV.gz`."""
    return Path(path.name.removesuffix(".gz")).suffix.lower()
