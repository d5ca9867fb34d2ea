"""The command line in a forked process, which may be killed before one of its changes to the file system."""

from __future__ import annotations

import importlib
import mmap
import os
import pkgutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xling

_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"}
_WRITING = os.O_WRONLY | os.O_RDWR


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended. points: its changes to the file system in its working folder, in number."""

    status: int
    out: str
    err: str
    points: int

    @property
    def killed(self) -> bool:
        return self.status == -signal.SIGKILL


def warm() -> None:
    """Import everything, so that hundreds of forked commands need not."""
    for module in pkgutil.walk_packages(xling.__path__, "xling."):
        importlib.import_module(module.name)
    for name in ("seqeval.metrics", "scipy.stats", "sklearn.metrics"):  # what is imported where it is used
        importlib.import_module(name)


class Started:
    """A command that runs in a process of its own, in a working folder.

    kill_at: the number of the change before which the process kills itself; 0 never does.
    """

    def __init__(self, words: Sequence[str], folder: Path, *, kill_at: int = 0, name: str = "said") -> None:
        self.said = [folder.parent / f"{folder.name}.{name}.{stream}" for stream in ("out", "err")]
        self.count = mmap.mmap(-1, 8)
        sys.stdout.flush()
        self.process = os.fork()
        if not self.process:
            _run(words, folder, self.said, self.count, kill_at)

    def kill(self, number: int = signal.SIGKILL) -> None:
        os.kill(self.process, number)

    def ended(self) -> Ended:
        """Wait for the end."""
        _, status = os.waitpid(self.process, 0)
        out, err = (path.read_text("utf-8", "replace") for path in self.said)
        points = int.from_bytes(self.count[:8], "little")
        return Ended(status=os.waitstatus_to_exitcode(status), out=out, err=err, points=points)


def run(words: Sequence[str], folder: Path, *, kill_at: int = 0) -> Ended:
    """Run a command to its end."""
    return Started(words, folder, kill_at=kill_at).ended()


def _run(words: Sequence[str], folder: Path, said: Sequence[Path], count: mmap.mmap, kill_at: int) -> None:
    """Be the command, in the child; never returns."""
    status = 70
    try:
        for stream, path in zip((1, 2), said, strict=True):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), stream)
        sys.stdout, sys.stderr = (open(stream, "w", closefd=False) for stream in (1, 2))
        os.chdir(folder)
        os.environ["XLING_CACHE"] = str(folder / "cache")
        sys.argv = ["xling", *words]
        sys.addaudithook(_Watch(folder, count, kill_at))
        from xling.cli.app import app
        from xling.cli.running import run_app

        status = run_app(app)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException as error:  # what escapes the command line is its worst fault
        os.write(2, f"escaped: {type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(status)


class _Watch:
    """An audit hook that counts the changes below a folder, and kills its process before one of them."""

    def __init__(self, folder: Path, count: mmap.mmap, kill_at: int) -> None:
        self.folder, self.count, self.kill_at, self.seen = str(folder), count, kill_at, 0

    def __call__(self, event: str, given: tuple[Any, ...]) -> None:
        if not (event in _CHANGES or (event == "open" and given[2] & _WRITING)) or not self._here(given[0]):
            return
        self.seen += 1
        self.count[:8] = self.seen.to_bytes(8, "little")
        if self.seen == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def _here(self, path: Any) -> bool:
        return isinstance(path, (str, os.PathLike)) and os.path.abspath(path).startswith(self.folder)
