"""A method in a language with a seed: its predictions as a stage, and the counts of its scores."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lab.ground import Ground
from lab.method import Method
from xling.composition.forms.auto import spelled_out
from xling.composition.grammar import parse
from xling.makers.stage import Stage
from xling.modules.module import Module
from xling.pipeline.planning import Prediction


@dataclass(frozen=True, kw_only=True, eq=False)
class Scored:
    """The score of a method in a language with a seed.

    counts: the sums that the metric is computed from, [rows, sums].
    seconds: what the predictions took, with the trainings of their modules; a reading that another method has
    made in the same run counts there.
    numbers: how many numbers the modules store.
    """

    language: str
    seed: int
    plan: str
    counts: np.ndarray
    seconds: float
    numbers: int


def prediction(ground: Ground, method: Method, language: str, seed: int) -> Stage:
    """Return the predictions of a method as a stage, whose key follows from its modules, plan and rows."""
    split, found = ground.suite.split(language), ground.scored(language)
    modules = method.modules(ground, language, seed)
    return Stage(
        name=f"predict/{ground.suite.name}/{method.name}/{language}/{seed}/{split}",
        spec=Prediction(),
        language=language,
        task=ground.recipe.task.name,
        data={"test": replace(found, rows=found.rows[: method.rows])},
        modules=modules,
        plan=spelled_out(parse(method.plan(language, seed)), lambda: modules),
        seed=seed,
    )


def scored(ground: Ground, method: Method, language: str, seed: int) -> Scored:
    """Predict, unless the predictions are in the workshop from an earlier run, and count."""
    stage = prediction(ground, method, language, seed)
    found = ground.workshop.predictions(stage)
    return Scored(
        language=language,
        seed=seed,
        plan=str(stage.plan),
        counts=ground.task.counts(stage.rows("test"), found),
        seconds=ground.workshop.seconds(stage),
        numbers=sum(map(_numbers, ground.workshop.modules(stage))),
    )


def _numbers(module: Module) -> int:
    return sum(value.numel() for value in module.tensors().values())
