"""Checksums of the user's files, by which a module can be traced to its data under any name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from xling.data.text import text_files
from xling.data.textfile import find, read_bytes


def file_checksum(path: Path) -> str:
    """Return the SHA-256 (64 hex digits) of the unpacked content of a file."""
    return hashlib.sha256(read_bytes(path)).hexdigest()


def stored_checksum(path: Path) -> str:
    """Return the SHA-256 (64 hex digits) of a file's bytes as they are stored, packed or not."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksums(paths: Iterable[str | Path]) -> list[str]:
    """Return the checksum of every file, and of every file of text below a folder.

    Raises InputError for a path that cannot be read.
    """
    return [file_checksum(find(file)) for path in map(Path, paths) for file in text_files(path)]
