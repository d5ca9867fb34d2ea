"""The stages above the language modules: a task module for each seed, then predictions and scores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from xling.composition.contents import named
from xling.composition.forms.form import Plan
from xling.composition.forms.single import Named
from xling.composition.forms.stack import stack
from xling.data.examples import Example, fingerprint
from xling.data.romanising import romanised_examples
from xling.evaluation.conditions import ROMANISED
from xling.files import link, write_lines
from xling.makers.composed_model import ComposedModel, planned_task
from xling.makers.task import task_parts, train_task
from xling.pipeline.conditions import Condition
from xling.pipeline.recipe import Recipe
from xling.pipeline.recipe_run import RecipeRun
from xling.pipeline.stages import Stage, module_of

PREDICTIONS, GOLD = "predictions.jsonl", "gold"


@dataclass(frozen=True)
class Scored:
    """counts: what the primary metric adds up, [examples, sums]. all: every metric, in percent."""

    counts: np.ndarray
    all: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One language under one plan."""

    language: str
    condition: str
    plan: str
    seed: int
    split: str
    data: str
    scored: Scored


def task_stage(run: RecipeRun, seed: int, below: Stage | None) -> Stage:
    """Train (or find) the task module of a seed, on the source's language module or alone."""
    section, task = run.recipe.task_module, run.recipe.task
    train, dev = (run.examples(spec, run.recipe.source) for spec in (task.train, task.dev))
    name = task_name(run.recipe, seed, alone=below is None)
    labels = run.task.labels(train)
    parts = task_parts(run.task, section.kind, section.options, labels, run.base)
    cards = ((task.train.card, fingerprint(train)),)
    inputs = {
        "stage": "task-2",
        "base": run.base.fingerprint,
        "tokenizer": run.base.tokenizer_fingerprint,
        "below": below.key if below else None,
        "task": run.task.name,
        "parts": [config.model_dump(mode="json") for config in parts],
        "training": section.training.model_dump(),
        "seed": seed,
        "data": [fingerprint(train), fingerprint(dev)],
    }

    def work(folder: Path) -> int:
        module = train_task(
            run.base,
            train,
            dev,
            task=run.task.name,
            source_language=run.recipe.source,
            language_module=module_of(below) if below else None,
            kind=section.kind,
            options=section.options,
            settings=section.training,
            run=run.training(folder, name, seed, cards, run.recipe.source),
            below=f"lang/{run.recipe.source}" if below else None,
        )
        return run.keep(module, name, folder)

    return run.stage(name, inputs, work)


def predict_stage(
    run: RecipeRun, language: str, condition: Condition, modules: Sequence[Stage], seed: int
) -> Cell:
    """Predict (or find) the test examples of a language under a plan; keep them beside the results."""
    task = run.recipe.task
    spec = task.source_test if language == run.recipe.source and task.source_test else task.test
    examples = run.examples(spec, language)
    _keep_gold(run, language, examples)
    if condition.name == ROMANISED:
        examples = romanised_examples(examples)
    plan = plan_of(run.recipe, condition, seed)
    data = fingerprint(examples)
    inputs = {
        "stage": "predict-3",
        "data": data,
        "modules": [stage.key for stage in modules],
        "precision": run.place.precision,
    }

    def work(folder: Path) -> int:
        found = dict(zip(named(plan), map(module_of, modules), strict=True))
        model = ComposedModel(run.base, planned_task(plan, found.__getitem__))
        rows = model.predict(examples, precision=run.place.precision)
        write_lines(folder / PREDICTIONS, [json.dumps(row, ensure_ascii=False) for row in rows])
        return 0

    name = condition.name
    stage = run.stage(f"predict/{language}/{name}/{seed}", inputs, work)
    rows = [json.loads(line) for line in (stage.folder / PREDICTIONS).read_text("utf-8").splitlines()]
    link(stage.folder / PREDICTIONS, run.folder / "predictions" / f"{language}-{name}-{seed}.jsonl")
    scored = Scored(run.task.counts(examples, rows), run.task.score(examples, rows))
    return Cell(
        language=language,
        condition=name,
        plan=str(plan),
        seed=seed,
        split=spec.split,
        data=data,
        scored=scored,
    )


def _keep_gold(run: RecipeRun, language: str, examples: Sequence[Example]) -> None:
    """The gold answers of the test examples, in the order of the predictions."""
    rows = [{"id": example.id, **run.task.gold(example)} for example in examples]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    write_lines(run.folder / GOLD / f"{language}.jsonl", lines)


def plan_of(recipe: Recipe, condition: Condition, seed: int) -> Plan:
    """The plan of a condition, in the names of the run's own store."""
    task = Named(task_name(recipe, seed, alone=not condition.stacked))
    return stack(Named(f"lang/{condition.below}"), task) if condition.below else task


def task_name(recipe: Recipe, seed: int, *, alone: bool) -> str:
    """A task module's name in the store; the first seed has the plain one."""
    later = "" if seed == recipe.seeds[0] else f"-seed{seed}"
    return f"task/{recipe.task.title}{'-alone' if alone else ''}{later}"
