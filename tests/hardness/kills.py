"""Kill a command, give the same command again, and compare with a run that nothing disturbed."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hardness.commands import Command
from hardness.forked import Ended, Started, run
from hardness.trees import differences, leftovers, tree


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of killing a command.

    where: the points or the seconds of the kills. faults: one line each.
    """

    command: str
    where: tuple[float, ...]
    kills: int
    faults: tuple[str, ...] = field(default=())


class Victim:
    """A command to be killed, with the run of it that nothing disturbed.

    points: its changes to the file system. seconds: how long it takes.
    """

    def __init__(self, name: str, command: Command, files: Path, folder: Path) -> None:
        self.name, self.command = name, command
        self.words, self.folder = command.told(files), folder
        started = time.perf_counter()
        whole = run(self.words, emptied(folder / "whole"))
        self.seconds, self.points = time.perf_counter() - started, whole.points
        assert whole.status == 0, (name, whole.err)
        self.wanted = tree(folder / "whole")
        assert self.wanted and not leftovers(folder / "whole"), leftovers(folder / "whole")

    def killed_at(self, points: Sequence[int]) -> Trial:
        """Kill it at a change to the file system, as often as points are given; then let it end."""
        place = emptied(self.folder / "killed")
        killed = [run(self.words, place, kill_at=point) for point in points]
        return self._judged(tuple(points), sum(ended.killed for ended in killed), killed)

    def killed_after(self, seconds: Sequence[float]) -> Trial:
        """Kill it after a time, as often as times are given; then let it end."""
        place = emptied(self.folder / "killed")
        ends = []
        for wait in seconds:
            process = Started(self.words, place)
            time.sleep(wait)
            process.kill()
            ends.append(process.ended())
        return self._judged(tuple(seconds), sum(ended.killed for ended in ends), ends)

    def _judged(self, where: tuple[float, ...], kills: int, before: Sequence[Ended]) -> Trial:
        last = run(self.words, self.folder / "killed")
        faults = tuple(self._faults(before, last))
        return Trial(command=self.name, where=where, kills=kills, faults=faults)

    def _faults(self, before: Sequence[Ended], last: Ended) -> Iterator[str]:
        for ended in before:
            if not (ended.killed or ended.status == 0 or self.refused(ended)):
                yield f"status {ended.status}: {ended.err.strip()[-300:]}"
        if not (last.status == 0 or self.refused(last)):
            yield f"status {last.status}: {last.err.strip()[-300:]}"
        yield from differences(tree(self.folder / "killed"), self.wanted)
        for name in leftovers(self.folder / "killed"):
            yield f"{name} is left"

    def refused(self, ended: Ended) -> bool:
        """Whether a command refused, as it may, a result that is there."""
        return self.command.refuses and ended.status == 2 and "is there already" in ended.err


def drawn(victim: Victim, count: int, rng: random.Random) -> Iterator[Trial]:
    """Yield trials at random times, of one to four kills in a row."""
    for _ in range(count):
        yield victim.killed_after([rng.uniform(0, victim.seconds) for _ in range(rng.randint(1, 4))])


def emptied(folder: Path) -> Path:
    """Return the folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
