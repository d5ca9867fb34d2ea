"""A file that grows in a folder beside its place and appears under its name when it is complete.

The folder holds what is written so far and a claim: whose work it is, told by a key, and how far it came. So
the same work goes on after a kill, other work begins anew, and what is not of xling is never touched.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from xling.errors import InputError, XlingError
from xling.files import put_in_place, read_json, write_json
from xling.places import LOCK, claimed

_CLAIM, _CONTENT = "claim.json", "content"
_NOTHING: Mapping[str, Any] = {"key": None, "pieces": 0, "bytes": 0}


class _Claim(BaseModel):
    """Whose work the content is, how many pieces it has, and how many bytes these are."""

    model_config = ConfigDict(strict=True)
    key: dict[str, Any] | None
    pieces: Annotated[int, Field(ge=0)]
    bytes: Annotated[int, Field(ge=0)]


class Growing:
    """The content of a file as it grows, piece by piece.

    folder: the folder beside the file, for whatever else the work must keep on disk.
    """

    def __init__(self, output: Path, folder: Path) -> None:
        self.output, self.folder = output, folder
        self._claim: Mapping[str, Any] = _claim_in(folder, output)
        self._file: Any = None

    def begin(self, key: Mapping[str, Any]) -> int:
        """Return how many pieces of this work are there. Other work is dropped.

        key: all that the content depends on, ready for JSON.
        """
        content = self.folder / _CONTENT
        with self._written():
            there = content.stat().st_size if content.is_file() else 0
            if self._claim["key"] != key or there < self._claim["bytes"]:
                self._set({**_NOTHING, "key": key})
            self._file = content.open("ab")
            self._file.truncate(self._claim["bytes"])
        return self._claim["pieces"]

    def write(self, data: bytes) -> None:
        """Write what follows."""
        with self._written():
            self._file.write(data)

    def keep(self, pieces: int) -> None:
        """Make what is written so far last. pieces: how many there are."""
        with self._written():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._set({**self._claim, "pieces": pieces, "bytes": self._file.tell()})

    def finish(self) -> None:
        """Give the file its name."""
        with self._written():
            self._file.close()
            put_in_place(self.folder / _CONTENT, self.output)
        self._claim = _NOTHING

    def drop(self) -> None:
        """Forget what is written, because it cannot be relied on."""
        with self._written():
            self._set(_NOTHING)

    def leave(self) -> None:
        """Close the file, and delete the folder when nothing is kept in it."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        if not self._claim["pieces"]:
            _delete(self.folder)

    def _set(self, claim: Mapping[str, Any]) -> None:
        write_json(self.folder / _CLAIM, claim)
        self._claim = claim

    @contextmanager
    def _written(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise XlingError(
                f"cannot write {self.output}: {error.strerror or error}; what is written stays: "
                "free some space, and the same command goes on where it stopped"
            ) from error


@contextmanager
def growing(output: Path, say: Callable[[str], None] = lambda text: None) -> Iterator[Growing]:
    """Yield a file that is to grow; enter this before the work. Another process that writes it is waited for.

    say: a function that is called with a message when another process must be waited for.

    Raises InputError when what stands there is no unfinished file of xling, and XlingError when nothing can
    be written there.
    """
    folder = output.with_name(f".{output.name}.unfinished")
    if os.path.lexists(folder):
        _claim_in(folder, output)
    with claimed(folder, say):
        own = Growing(output, folder)
        try:
            yield own
        finally:
            own.leave()


def _claim_in(folder: Path, output: Path) -> Mapping[str, Any]:
    """Return the claim in a folder, or that of no work in an empty one."""
    try:
        if all(map(_scratch, folder.iterdir())):
            return _NOTHING
        if _linked(folder / _CONTENT):
            raise ValueError("the content is no file in this folder")
        return _Claim.model_validate(read_json(folder / _CLAIM)).model_dump()
    except (OSError, ValueError) as error:
        raise _strange(folder, output) from error


def _linked(path: Path) -> bool:
    """Return whether something is there that is no file of this folder."""
    return path.is_symlink() or (path.exists() and not path.is_file())


def _strange(folder: Path, output: Path) -> InputError:
    return InputError(
        f"what stands at {folder} is no unfinished file of xling",
        where=output,
        hint="move it away, or name another file",
    )


def _scratch(item: Path) -> bool:
    """Return whether a file is the lock, or what a killed process left of a claim."""
    return item.name == LOCK or item.name.startswith(f".{_CLAIM}.")


def _delete(folder: Path) -> None:
    """Delete a folder with what is ours in it."""
    with suppress(OSError):
        for item in folder.iterdir():
            if item.name in (_CLAIM, _CONTENT) or _scratch(item):
                item.unlink()
        folder.rmdir()
