"""Carrying out a method in a language: its modules, its predictions, and the counts of its scores."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lab.ground import Ground
from lab.methods import Method
from xling.composition.grammar import parse
from xling.makers.stage import Stage
from xling.pipeline.planning import Prediction
from xling.pipeline.stages import PREDICTIONS, Done, Stages, Workbench


class SharedStages(Stages):
    """Stages that several runs may make in one folder at the same time: each is made by one, others wait."""

    def carry_out(self, stage: Stage, bench: Workbench) -> Done:
        """Make a stage and those below it, unless they are made."""
        with _held(self.root / f"{stage.key(bench.opened)[:16]}.lock"):
            return super().carry_out(stage, bench)


@dataclass(frozen=True, kw_only=True, eq=False)
class Scored:
    """A method in a language with a seed.

    counts: the sums that the metric is computed from, [rows, sums].
    seconds: what the predictions took, with the trainings of their modules.
    """

    language: str
    seed: int
    plan: str
    counts: np.ndarray
    seconds: float


def prediction(ground: Ground, method: Method, language: str, seed: int) -> Stage:
    """Return the predictions of a method as a stage, whose key follows from its modules, plan and rows."""
    split, plan = ground.suite.split(language), parse(method.plan(language, seed))
    return Stage(
        name=f"predict/{ground.suite.name}/{method.name}/{language}/{seed}/{split}",
        spec=Prediction(),
        language=language,
        task=ground.recipe.task.name,
        data={"test": ground.scored(language)},
        modules=method.modules(ground, language, seed),
        plan=plan,
        seed=seed,
    )


def carried_out(ground: Ground, stage: Stage, stages: Stages, bench: Workbench) -> Scored:
    """Predict, unless the predictions are in the work folder from an earlier run, and count."""
    done = stages.carry_out(stage, bench)
    lines = (done.folder / PREDICTIONS).read_text("utf-8").splitlines()
    counts = ground.task.counts(stage.rows("test"), [json.loads(line) for line in lines])
    made = [stages.carry_out(below, bench).seconds for below in _with_below(stage)]
    return Scored(
        language=stage.language,
        seed=stage.seed,
        plan=str(stage.plan),
        counts=counts,
        seconds=sum(made),
    )


def _with_below(stage: Stage) -> Iterator[Stage]:
    yield stage
    for below in stage.modules.values():
        if isinstance(below, Stage):
            yield from _with_below(below)


@contextmanager
def _held(lock: Path) -> Iterator[None]:
    """Hold a file's lock; a process that ends, however it ends, lets go of it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
