"""Mutated files, guided by the code that they reach where atheris is installed, and by chance elsewhere."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from hardness.target import Target, judged, tokens

KEPT = 20  # faults of a target that are told apart
TOLD, TOLD_IN = 100, "tried.json"  # after so many files a guided process tells how far it is, and where


def by_chance(target: Target, count: int, seed: int, folder: Path) -> list[str]:
    """Return the different faults of reading mutations of a target's honest files."""
    rng, signs, faults = random.Random(seed), tokens(), {}
    for _ in range(count):
        data = mutated(target.seeds, signs, rng)
        if (fault := judged(target, data, folder)) and len(faults) < KEPT:
            faults.setdefault(fault, data)
    return [f"{fault} <- {data[:300]!r}" for fault, data in faults.items()]


def mutated(seeds: Sequence[bytes], signs: Sequence[bytes], rng: random.Random) -> bytes:
    """Return one of some contents, changed in one to six places."""
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.randint(1, 6)):
        at = rng.randint(0, len(data))
        end = min(len(data), at + rng.choice((1, 1, 2, 8, 64)))
        change = rng.randrange(5)
        if change == 0:
            data[at:end] = rng.choice(signs)
        elif change == 1:
            data[at:at] = rng.choice(signs)
        elif change == 2:
            del data[at:end]
        elif change == 3:
            data[at:at] = data[at:end] * rng.choice((1, 2, 30))
        elif at < len(data):
            data[at] = rng.randrange(256)
    return bytes(data)


def guided(name: str, count: int, seed: int, folder: Path) -> list[str]:
    """Return the different faults of a target that guided mutation finds, in a process of its own."""
    (folder / "corpus").mkdir(parents=True)
    words = [sys.executable, "-m", "hardness.guided", name, str(count), str(seed), str(folder)]
    path = os.pathsep.join((str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")))
    ended = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    found = folder / TOLD_IN
    told = json.loads(found.read_text("utf-8")) if found.is_file() else {"tried": 0, "faults": []}
    if ended.returncode or told["tried"] <= count - TOLD:
        said = f"status {ended.returncode} after {told['tried']} of {count} files: {ended.stderr[-500:]}"
        return [*told["faults"], said]
    return told["faults"]


def can_be_guided() -> bool:
    return importlib.util.find_spec("atheris") is not None


def fuzz(name: str, target: Target, count: int, seed: int, folder: Path) -> list[str]:
    """Return the faults of reading so many mutated files, in the best way that is installed."""
    if can_be_guided():
        return guided(name, count, seed, folder / "guided")
    (folder / "chance").mkdir(parents=True)
    return by_chance(target, count, seed, folder / "chance")
