"""Writing files so that a reader sees the old content or the new, never a part of it."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from xling.errors import XlingError


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
