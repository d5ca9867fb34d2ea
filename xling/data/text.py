"""Plain text for MLM: files and folders to lines, without repeats, with a slice held out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from xling.data.textfile import read_lines
from xling.errors import InputError

_MOST_HELD_OUT = 0.1


def read_text(paths: Iterable[str | Path]) -> list[str]:
    """Lines of files, and of every `.txt`, `.txt.gz` and plain `.gz` below folders, in path order.

    White space is collapsed and empty lines are dropped. Raises InputError for a missing or empty
    file, a folder without text, or bytes that are not UTF-8 (file, line and byte are named).
    """
    lines: list[str] = []
    for path in map(Path, paths):
        for file in _files(path):
            lines += [" ".join(line.split()) for line in read_lines(file)]
    return [line for line in lines if line]


def deduplicate(lines: Iterable[str]) -> list[str]:
    """Each line once, where it first stood."""
    return list(dict.fromkeys(lines))


def hold_out(lines: Sequence[str], count: int, seed: int) -> tuple[list[str], list[str]]:
    """(rest, held out): `count` different lines, but a tenth of all at most, in their order.

    A line is chosen by a hash of its content and the seed, so it mostly stays chosen when the text
    grows or is put in another order; no line held out occurs in the rest.
    """
    different = deduplicate(lines)
    count = max(0, min(count, int(len(different) * _MOST_HELD_OUT)))
    chosen = set(sorted(different, key=lambda line: _rank(line, seed))[:count])
    return [line for line in lines if line not in chosen], [line for line in different if line in chosen]


def _files(path: Path) -> list[Path]:
    if not os.path.isdir(path):  # Path.is_dir fails on names that are too long
        return [path]
    found = sorted(item for item in path.rglob("*") if _is_text(item) and item.is_file())
    if not found:
        raise InputError(
            "no .txt or .gz file in this folder", where=path, hint="give a folder or files of plain text"
        )
    return found


def _is_text(path: Path) -> bool:
    inner = Path(path.name.removesuffix(".gz"))
    return inner.suffix == ".txt" or (path.suffix == ".gz" and not inner.suffix)


def _rank(line: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\n{line}".encode("utf-8", "surrogatepass")).digest()
