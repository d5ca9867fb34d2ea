"""Input that can be read once only, such as a pipe."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xling.errors import InputError

_STREAMS = (Path("/dev"), Path("/dev/fd"))  # some systems read the files there from where they stand


@contextmanager
def lasting(path: Path, folder: Path) -> Iterator[Path]:
    """Yield a file that can be read again and again: the path itself, or a copy of what a pipe brings.

    folder: where a copy is kept while the work lasts. An InputError about the copy names the path.
    """
    if path.is_dir() or not path.exists() or (path.is_file() and path.parent not in _STREAMS):
        yield path
        return
    copy = folder / f"input-{path.name}"
    try:
        with path.open("rb") as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        yield copy
    except InputError as error:
        if error.where != copy:
            raise
        raise InputError(str(error).replace(str(copy), str(path))) from error
    finally:
        copy.unlink(missing_ok=True)
