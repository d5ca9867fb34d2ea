"""Stages keyed by content: the hash of what a stage is made from is the name of its folder."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling.errors import InputError
from xling.evaluation.results import StageRow
from xling.files import write_json
from xling.modules.module import Module

try:
    import resource
except ImportError:  # Windows has none
    resource = None

DONE, MODULE = "stage.json", "module"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A finished stage. seconds and tokens are of the run that made it; `cached`: found done this time."""

    name: str
    key: str
    folder: Path
    seconds: float
    tokens: int
    peak_rss_mb: float
    cached: bool

    def row(self) -> StageRow:
        """The stage as `results.json` lists it."""
        speed = round(self.tokens / self.seconds, 1) if self.tokens and self.seconds else None
        return StageRow(
            name=self.name,
            key=self.key,
            seconds=round(self.seconds, 2),
            tokens_per_second=speed,
            peak_rss_mb=round(self.peak_rss_mb, 1),
            cached=self.cached,
        )


class Stages:
    """The stages below one folder, shared by every recipe that is run there."""

    def __init__(self, root: Path, *, fresh: bool = False) -> None:
        self.root, self.fresh = root, fresh
        self.done: list[Stage] = []

    def run(self, name: str, inputs: Mapping[str, Any], work: Callable[[Path], int]) -> Stage:
        """Do `work` in the stage's folder unless it was done; it returns how many pieces it read.

        A folder without its `stage.json` is one that was interrupted: work goes on there.
        """
        key = content_key(inputs)
        folder = self.root / f"{re.sub(r'[^A-Za-z0-9]+', '-', name)}-{key[:16]}"
        known = {stage.key for stage in self.done}
        stage = None if self.fresh and key not in known else _finished(folder, name, key)
        if stage is None:
            started = time.perf_counter()
            tokens = work(folder)
            stage = Stage(
                name=name,
                key=key,
                folder=folder,
                seconds=time.perf_counter() - started,
                tokens=tokens,
                peak_rss_mb=peak_rss_mb(),
                cached=False,
            )
            write_json(folder / DONE, {**stage.row().model_dump(mode="json"), "tokens": tokens})
        if key not in known:
            self.done.append(stage)
        return stage


def content_key(inputs: Mapping[str, Any]) -> str:
    """SHA-256 of the inputs as canonical JSON."""
    text = json.dumps(inputs, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def peak_rss_mb() -> float:
    """The most memory this process has held so far, in MB; 0 where the system does not tell."""
    if resource is None:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _finished(folder: Path, name: str, key: str) -> Stage | None:
    path = folder / DONE
    if not path.is_file():
        return None
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        return Stage(
            name=name,
            key=key,
            folder=folder,
            seconds=row["seconds"],
            tokens=row["tokens"],
            peak_rss_mb=row["peak_rss_mb"],
            cached=True,
        )
    except (ValueError, KeyError) as error:
        raise InputError("this stage's record is damaged", where=path, hint="delete the folder") from error


def module_of(stage: Stage) -> Module:
    """The module that a stage made."""
    return Module.load(stage.folder / MODULE)
