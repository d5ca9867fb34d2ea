"""The same command in several processes at once, and different ones that want one place."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hardness.commands import COMMANDS, SEEN_WHILE_WRITTEN, Command
from hardness.forked import Ended, Started
from hardness.kills import Victim, emptied
from hardness.trees import differences, leftovers, tree


def at_once(words: Sequence[Sequence[str]], folder: Path) -> list[Ended]:
    """Start commands together in one working folder, and wait for all."""
    processes = [Started(own, folder, name=f"said-{number}") for number, own in enumerate(words)]
    return [process.ended() for process in processes]


def same(victim: Victim, count: int) -> list[str]:
    """Return the faults of a command that is given several times at once; one result must come of it."""
    place = emptied(victim.folder / "raced")
    ends = at_once([victim.words] * count, place)
    wrong = [ended for ended in ends if ended.status and not victim.refused(ended)]
    faults = [f"status {ended.status}: {ended.err.strip()[-300:]}" for ended in wrong]
    if all(ended.status for ended in ends):
        faults.append("no process succeeded")
    return [*faults, *_untidy(place, victim.wanted)]


def rivals(files: Path, folder: Path) -> list[str]:
    """Return the faults of trainings of different languages that want one folder: one gets it."""
    place, own = emptied(folder / "raced"), COMMANDS["train language"].told(files)
    other = [{"swh": "hau"}.get(word, word) for word in own]
    ends = at_once([own, other, own, other], place)
    told = sorted((ended.status, "made otherwise" in ended.err) for ended in ends)
    if told != [(0, False), (0, False), (2, True), (2, True)]:
        return [f"ended {told}: {[ended.err.strip()[-200:] for ended in ends]}"]
    return [f"{name} is left" for name in leftovers(place)]


def soak(victim: Victim, files: Path, *, processes: int, seconds: float, rng: random.Random) -> list[str]:
    """Return the faults of processes that write one store, list it, verify it and predict from it."""
    place, faults, until = emptied(victim.folder / "soaked"), [], time.monotonic() + seconds
    running: dict[int, Started] = {}
    readers = [Command(words=words).told(files) for words in SEEN_WHILE_WRITTEN]
    number = 0
    while time.monotonic() < until or running:
        while len(running) < processes and time.monotonic() < until:
            words = victim.words if number % 2 else rng.choice(readers)
            running[number] = Started(words, place, name=f"said-{number}")
            number += 1
        first = next(iter(running))
        ended = running.pop(first).ended()
        if ended.status and not (first % 2 == 0 and _not_yet(ended)):
            faults.append(f"status {ended.status}: {ended.err.strip()[-300:]}")
    return [*faults, *_untidy(place, victim.wanted)]


def _not_yet(ended: Ended) -> bool:
    """A reader may come before the first module is there."""
    return ended.status == 2 and any(text in ended.err for text in ("no module is called", "no such"))


def _untidy(place: Path, wanted: Mapping[str, object]) -> Iterator[str]:
    shutil.rmtree(place / "seen", ignore_errors=True)  # what readers wrote
    yield from differences(tree(place), dict(wanted))
    yield from (f"{name} is left" for name in leftovers(place))
