"""Atomic writing of files, so that readers never see a half-written one, and the path of the cache."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from xling.errors import InputError, XlingError


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file in one step, through a temporary file in the same folder.

    Raises XlingError when writing fails; an older file at this path then stays as it was.
    """
    with _in_one_step(path) as file:
        file.write(data)


def copy(source: Path, target: Path) -> None:
    """Copy a file in one step, as `write_atomically` writes it; the two are files of their own."""
    with source.open("rb") as whole, _in_one_step(target) as file:
        shutil.copyfileobj(whole, file, 1 << 20)


@contextmanager
def _in_one_step(path: Path) -> Iterator[IO[bytes]]:
    """Yield a temporary file that replaces a path on success, synced to the disk in this order."""
    scratch: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        scratch = Path(name)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        scratch.chmod(0o644)
        os.replace(scratch, path)
        _sync_folder(path.parent)
    except BaseException as error:
        if scratch is not None:
            scratch.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise XlingError(
            f"cannot write {path}: {error.strerror or error}; what was written before is untouched: "
            "free some space or choose another folder, and run the same command again"
        ) from error


def _sync_folder(folder: Path) -> None:
    """Write a folder's list of names to the disk, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON, atomically."""
    write_atomically(path, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))


def write_lines(path: Path, lines: list[str]) -> None:
    """Write lines of text, atomically."""
    write_atomically(path, "".join(line + "\n" for line in lines).encode("utf-8"))


def check_new(out: Path) -> None:
    """Check that `out` does not exist yet; call this before the work whose result goes there.

    Raises InputError when it exists.
    """
    if out.exists():
        raise InputError(f"{out} is there already", where="--out", hint="name one that does not exist")


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Yield a temporary folder that is moved to `out` on success and deleted on failure.

    Raises XlingError when the file system refuses.
    """
    unfinished = out.with_name(f".{out.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        yield unfinished
        unfinished.rename(out)
    except OSError as error:
        raise XlingError(
            f"cannot write {out}: {error.strerror or error}; free some space and try again"
        ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def cache_dir(*parts: str) -> Path:
    """Return a path in the cache: `$XLING_CACHE`, else `$XDG_CACHE_HOME/xling`, else `~/.cache/xling`."""
    chosen = os.environ.get("XLING_CACHE")
    root = (
        Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "xling"
    )
    return root.joinpath(*parts)
