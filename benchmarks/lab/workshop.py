"""The workshop of the lab: stages are made once, in a folder that several runs may share at the same time."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xling.makers.stage import Stage
from xling.modules.module import Module
from xling.pipeline.records import Done
from xling.pipeline.stages import PREDICTIONS, Stages, Workbench
from xling.tasks.task import Prediction


class SharedStages(Stages):
    """Stages that several runs may make in one folder at the same time: each is made by one, others wait."""

    def carry_out(self, stage: Stage, bench: Workbench) -> Done:
        """Make a stage and those below it, unless they are made."""
        with _held(self.root / f"{stage.key(bench.opened)[:16]}.lock"):
            return super().carry_out(stage, bench)


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Where stages are made, and kept for all methods and later runs."""

    stages: Stages
    bench: Workbench

    def module(self, stage: Stage) -> Module:
        """Return the module of a stage."""
        return self.stages.carry_out(stage, self.bench).module

    def modules(self, stage: Stage) -> list[Module]:
        """Return the modules that a stage uses."""
        return [self.module(own) if isinstance(own, Stage) else own for own in stage.modules.values()]

    def predictions(self, stage: Stage) -> list[Prediction]:
        """Return what a stage predicts for its rows, such as labels that a method trains on."""
        done = self.stages.carry_out(stage, self.bench)
        return [json.loads(line) for line in (done.folder / PREDICTIONS).read_text("utf-8").splitlines()]

    def seconds(self, stage: Stage) -> float:
        """Return how long a stage and those below it took when they were made."""
        below = [own for own in stage.modules.values() if isinstance(own, Stage)]
        return self.stages.carry_out(stage, self.bench).costs.seconds + sum(map(self.seconds, below))


@contextmanager
def _held(lock: Path) -> Iterator[None]:
    """Hold a file's lock; a process that ends, however it ends, lets go of it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
