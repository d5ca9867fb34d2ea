"""Opening users' text files, plain or gzipped and strictly UTF-8, with one clear line for each error."""

from __future__ import annotations

import difflib
from pathlib import Path

from xling.data.unpacking import content
from xling.errors import InputError

LONGEST = 2**20  # characters of a line or a cell, which may hold a whole document


def check_length(text: str, path: str | Path, number: int) -> None:
    """Raise InputError for a line, or a cell that begins in it, that is longer than any document."""
    if len(text) > LONGEST:
        raise too_long(path, number)


def too_long(path: str | Path, number: int) -> InputError:
    """Return the error for a line, or a cell that begins in it, that is longer than any document."""
    return InputError(
        f"a line or cell has more than {LONGEST:,} characters",
        where=path,
        line=number,
        hint="write a sentence, or a row, on a line of its own",
    )


def read_whole(path: str | Path) -> str:
    """Return the text of a file or its `.gz` in lines that end in a line feed, whatever they ended in.

    Raises InputError for a missing or empty file, a damaged `.gz`, or bytes that are not UTF-8.
    """
    found = find(Path(path))
    text = decoded(read_bytes(found), found)
    if not text.strip():
        raise InputError("the file is empty", where=found)
    return text.replace("\r\n", "\n") if "\n" in text else text.replace("\r", "\n")  # line ends of old Macs


def decoded(data: bytes, path: Path, *, before: int = 0) -> str:
    """Return bytes of UTF-8 as text; a byte order mark at the beginning of a file is dropped.

    before: the number of lines of the file before these bytes. Raises InputError that names the line.
    """
    try:
        return data.decode("utf-8" if before else "utf-8-sig")
    except UnicodeDecodeError as error:
        utf16 = not before and data[:2] in (b"\xff\xfe", b"\xfe\xff")
        raise InputError(
            f"not UTF-8{' (but UTF-16?)' if utf16 else ''}: byte 0x{error.object[error.start]:02x}",
            where=path,
            line=before + error.object.count(b"\n", 0, error.start) + 1,
            hint="convert the file to UTF-8, for example with iconv",
        ) from error


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, unpacked if it is gzipped. Raises InputError when it cannot be read."""
    with content(path) as file:
        return file.read()


def find(path: Path) -> Path:
    """Return the path of a file that may be packed (`.gz`) or not, whichever exists.

    Raises InputError with similar file names when neither exists.
    """
    try:
        twin = path.with_suffix("") if path.suffix == ".gz" else path.with_name(path.name + ".gz")
        for candidate in (path, twin):
            if candidate.is_file():
                return candidate
        around = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
        folder, something = path.is_dir(), path.exists()
    except (OSError, ValueError) as error:  # a ValueError: a path without a name, or with NUL
        reason = getattr(error, "strerror", None) or "this names no file"
        raise InputError(f"cannot be opened: {reason}", where=path) from error
    near = difflib.get_close_matches(path.name, around, n=4)
    problem = "this is no regular file" if something else "no such file"
    problem = "this is a folder; a file is needed" if folder else problem
    raise InputError(problem, where=path, choices=near, hint="check the path")


def ending(path: Path) -> str:
    """Return the ending in lower case, ignoring `.gz`: `.tsv` for `Test.TSV.gz`."""
    return Path(path.name.removesuffix(".gz")).suffix.lower()
