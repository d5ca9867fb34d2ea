"""Writing files so that a reader sees the old content or the new, never a part of it; and the cache."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xling.errors import InputError, XlingError


def write_atomically(path: Path, data: bytes) -> None:
    """Write beside the file, then move it there. On failure the old file stays and XlingError says why."""
    scratch: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        scratch = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        scratch.chmod(0o644)
        os.replace(scratch, path)
    except OSError as error:
        if scratch is not None:
            scratch.unlink(missing_ok=True)
        raise XlingError(
            f"cannot write {path}: {error.strerror or error}; what was written before is untouched: "
            "free some space or choose another folder, and run the same command again"
        ) from error


def write_json(path: Path, value: Any) -> None:
    """Write readable JSON, atomically."""
    write_atomically(path, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))


def write_lines(path: Path, lines: list[str]) -> None:
    """Write text lines, atomically."""
    write_atomically(path, "".join(line + "\n" for line in lines).encode("utf-8"))


def check_new(out: Path) -> None:
    """InputError when there is something at `out` already; ask before the work that would fill it."""
    if out.exists():
        raise InputError(f"{out} is there already", where="--out", hint="name a folder that does not exist")


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """A folder to fill, which appears at `out` when all of it is written and is gone when that fails."""
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


def link(source: Path, target: Path) -> None:
    """The same file in a second place, without taking room where the file system can."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def cache_dir(*parts: str) -> Path:
    """A folder of the user's cache: `XLING_CACHE`, else `$XDG_CACHE_HOME/xling`, else `~/.cache/xling`."""
    chosen = os.environ.get("XLING_CACHE")
    root = (
        Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "xling"
    )
    return root.joinpath(*parts)
