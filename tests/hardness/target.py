"""A kind of file that is read, with honest contents to begin from, and a judge of what the reading does."""

from __future__ import annotations

import shutil
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling.errors import XlingError
from xling.printable import printable

SECONDS = 10  # in which a small file must be read or refused
_MOST = 1200  # characters of an error message


@dataclass(frozen=True)
class Target:
    """A kind of file: its name, honest contents, and what reads it, given the path of a file of that name."""

    file: str
    seeds: Sequence[bytes]
    read: Callable[[Path], Any]


def judged(target: Target, data: bytes, folder: Path) -> str | None:
    """Return what is wrong with how this content is read, or None if it is read, or refused in one line."""
    path = folder / target.file
    path.write_bytes(data)
    try:
        with _limited():
            target.read(path)
    except XlingError as error:
        text = str(error)
        good = len(text) <= _MOST and text == printable(text)
        return None if good else f"message of {len(text)} characters: {ascii(text[:200])}"
    except Exception as error:
        *_, last = traceback.extract_tb(error.__traceback__)
        return f"{type(error).__name__} in {last.name}, line {last.lineno}: {ascii(str(error)[:200])}"
    return None


@contextmanager
def _limited() -> Iterator[None]:
    def late(*given: object) -> None:
        raise TimeoutError(f"not read in {SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def beside(honest: Path, file: str, read: Callable[[Path], Any]) -> Target:
    """Return the target of one file of a folder, whose other files stay honest.

    file: its name, or its path within the folder. read: what reads such a folder.
    """

    def reads(path: Path) -> None:
        own = path.parent / "whole"
        shutil.rmtree(own, ignore_errors=True)
        shutil.copytree(honest, own)
        shutil.copyfile(path, own / file)
        read(own)

    return Target(Path(file).name, [(honest / file).read_bytes()], reads)


def tokens() -> list[bytes]:
    """Return what mutations insert: signs of the formats, and values that readers have stumbled over."""
    words = ["\t", "\n", "\r", "\0", "\\", '"', "''", "{", "}", "[", "]", ",", ":", ": ", "#", "&a ", "*a",
             "<<: ", "- ", "null", "true", ".nan", "-1", "0", "1e999", "9" * 400, "NaN", "Infinity", "../",
             "/etc/passwd", "{x!r:>99}", "\u202e", "\ufeff", "\ud800", "\x1b[31m", "[/bold]", "I-", "B-", "é",
             "# text = ", "1-2\t", "1.1\t", "@", ">>", "(", ")", "* ", "lang/x", "2020-99-99", "ߊߋ",
             "[" * 200, "!!python/object:os.system "]  # fmt: skip
    return [word.encode("utf-8", "surrogatepass") for word in words]
