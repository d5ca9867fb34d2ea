"""Claiming the place of an output: one process works in a folder, and others wait or are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from xling.errors import InputError
from xling.files import cannot_write

LOCK = ".lock"
_MOST_TOLD = 3


@contextmanager
def claimed(folder: Path, say: Callable[[str], None] = lambda text: None) -> Iterator[None]:
    """Hold the lock of a folder, which is made if it is missing; wait while another process holds it.

    The system releases the lock of a process that dies.

    say: a function that is called with a message when another process must be waited for.

    Raises XlingError when the folder cannot be written.
    """
    lock = _acquired(folder, say)
    try:
        yield
    except BaseException:
        _withdraw(folder)
        raise
    finally:
        lock.release()


def _acquired(folder: Path, say: Callable[[str], None]) -> BaseFileLock:
    """Return the lock of a folder, held. One whose holder withdrew with the folder is taken anew."""
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(folder / LOCK)
            _wait(lock, lambda: say(f"{folder}: another process works here; waiting until it ends"))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise cannot_write(folder, error) from error
        if (folder / LOCK).exists():
            return lock
        lock.release()


def _wait(lock: BaseFileLock, waits: Callable[[], None]) -> None:
    """Acquire a lock; call `waits` if another process holds it."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waits()
        lock.acquire()


def _withdraw(folder: Path) -> None:
    """Remove a folder in which there is nothing but the lock."""
    with suppress(OSError):
        if [own.name for own in folder.iterdir()] == [LOCK]:
            (folder / LOCK).unlink()
            folder.rmdir()


def names_in(folder: Path) -> list[str]:
    """Return the names in a folder, sorted and without hidden ones; none if it does not exist.

    Raises InputError when it is a file, and XlingError when it cannot be read.
    """
    if not folder.exists():
        return []
    if not folder.is_dir():
        raise InputError(f"{folder} is a file, and a folder is to be written", where="--out")
    try:
        return sorted(own.name for own in folder.iterdir() if not own.name.startswith("."))
    except OSError as error:
        raise cannot_write(folder, error) from error


def check_empty(folder: Path) -> None:
    """Check that nobody's files are in a folder that is about to be filled. Hidden files do not count.

    Raises InputError that names some of them.
    """
    if names := names_in(folder):
        raise strangers_in(folder, names)


def strangers_in(folder: Path, names: Sequence[str]) -> InputError:
    """Return the error that a folder holds somebody else's files."""
    more = len(names) - _MOST_TOLD
    told = ", ".join(names[:_MOST_TOLD]) + (f" and {more} more" if more > 0 else "")
    return InputError(
        f"{folder} is there already, with files that xling did not write there: {told}",
        where="--out",
        hint="name a folder that does not exist",
    )


def check_output(output: Path, *inputs: Path | None, where: str = "--out") -> None:
    """Check that a file can be written: that it is no folder, no device, and none of the inputs by any path.

    Call this before the work whose result goes there. where: the option that names the output.

    Raises InputError.
    """
    hint = "name another file"
    if output.is_dir():
        raise InputError(f"{output} is a folder", where=where, hint="name a file")
    if output.exists() and not output.is_file():
        raise InputError(f"{output} is no file that can be replaced", where=where, hint=hint)
    _check_no_input(output, inputs, where, hint)


def check_output_folder(out: Path, *inputs: Path | None) -> None:
    """Check that a folder that is to be filled is none of the folders that are read, by any path.

    Raises InputError.
    """
    _check_no_input(out, inputs, "--out", "name another folder")


def _check_no_input(output: Path, inputs: Sequence[Path | None], where: str, hint: str) -> None:
    for path in inputs:
        if path is not None and path.exists() and output.exists() and output.samefile(path):
            raise InputError(f"{output} is an input of this command", where=where, hint=hint)
