"""Atomic writing of files, so that readers never see a half-written one, and the path of the cache."""

from __future__ import annotations

import errno
import glob
import json
import os
import platform
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from xling.errors import InputError, XlingError

_LONGEST = 30  # letters of a name within the name of a temporary file, which may have 255 bytes


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file in one step, through a temporary file in the same folder.

    Raises XlingError when writing fails; an older file at this path then stays as it was.
    """
    with in_one_step(path) as scratch, scratch.open("xb") as file:
        file.write(data)


def copy(source: Path, target: Path) -> None:
    """Copy a file in one step, as `write_atomically` writes it; the two are files of their own."""
    with source.open("rb") as whole, in_one_step(target) as scratch, scratch.open("xb") as file:
        shutil.copyfileobj(whole, file, 1 << 20)


@contextmanager
def in_one_step(path: Path) -> Iterator[Path]:
    """Yield a temporary path; the file that is written there replaces `path` on success.

    The file is synced to the disk, then put in its place, then its folder is synced.

    Raises XlingError when the file system refuses; an older file then stays as it was.
    """
    scratch = path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = _scratch(path)
        yield scratch
        put_in_place(scratch, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        if scratch != path:
            _delete(scratch)


def put_in_place(written: Path, path: Path) -> None:
    """Give a file that is written its name: it is synced to the disk, then put in its place, then its folder.

    Raises OSError when the file system refuses.
    """
    _sync_file(written)
    os.replace(written, path)
    _sync_folder(path.parent)


def _scratch(path: Path) -> Path:
    """Return a new name beside a path, after deleting what processes that died left under such names.

    The name tells the machine and the process.
    """
    head = f".{path.name[:_LONGEST]}.{platform.node()[:_LONGEST]}."
    if os.name == "posix":
        for left in path.parent.glob(f"{glob.escape(head)}*.unfinished"):
            if not _alive(left.name.removeprefix(head).partition(".")[0]):
                _delete(left)
    return path.with_name(f"{head}{os.getpid()}.{secrets.token_hex(4)}.unfinished")


def _alive(process: str) -> bool:
    """Return whether a process of this machine may still run."""
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def cannot_write(path: Path, error: OSError) -> XlingError:
    """Return the error that a path cannot be written, with the next step."""
    if isinstance(error, NotADirectoryError):
        return InputError(f"cannot be written: {error.strerror}", where=path, hint="name one in a folder")
    return XlingError(
        f"cannot write {path}: {error.strerror or error}; what was written before is untouched: "
        "free some space or choose another folder, and run the same command again"
    )


def _sync_file(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Write a folder's list of names to the disk, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_regular(path: Path) -> bytes:
    """Return the content of a file. Raises OSError also for what may never end, such as a pipe."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "this is no regular file")
    return path.read_bytes()


def read_json(path: Path) -> Any:
    """Return the value of a JSON file.

    Raises OSError when it cannot be read, and ValueError for what is no JSON, is nested too deep, or has text
    that cannot be written again.
    """
    return from_json(read_regular(path))


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

    Raises InputError when `out` came to be meanwhile, and XlingError when the file system refuses.
    """
    unfinished = out
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        unfinished = _scratch(out)
        unfinished.mkdir()
        yield unfinished
        for own in unfinished.rglob("*"):
            (_sync_folder if own.is_dir() else _sync_file)(own)
        unfinished.rename(out)
        _sync_folder(out.parent)
    except OSError as error:
        check_new(out)
        raise cannot_write(out, error) from error
    finally:
        if unfinished != out:
            _delete(unfinished)


def cache_dir(*parts: str) -> Path:
    """Return a path in the cache: `$XLING_CACHE`, else `$XDG_CACHE_HOME/xling`, else `~/.cache/xling`."""
    chosen = os.environ.get("XLING_CACHE")
    root = (
        Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "xling"
    )
    return root.joinpath(*parts)
