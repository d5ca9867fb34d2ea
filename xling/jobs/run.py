"""A recipe from its data to its scores: language modules, task modules, predictions, results."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from xling.bases.opening import Base, load_base
from xling.composition.plan import Named, Plan, named, stack
from xling.config.recipe import DataSpec, Recipe
from xling.data.card_schema import DataCard
from xling.data.cards import load_card
from xling.data.examples import Example, fingerprint, sample
from xling.data.licences import strictest
from xling.data.romanising import romanised_examples
from xling.data.source import load
from xling.files import write_lines
from xling.jobs.compose import ComposedModel
from xling.jobs.conditions import ROMANISED, Condition, conditions, relatives, stacks
from xling.jobs.language_stages import language_stage
from xling.jobs.results import Cell, Scored, write_results
from xling.jobs.stages import MODULE, Stage, Stages, module_of
from xling.jobs.train_language import Origin, Run, Say
from xling.jobs.train_task import task_parts, train_task
from xling.modules.module import Module
from xling.store.card import write_card
from xling.tasks.registry import task_named
from xling.training.reporting import Bar, Log, Reporter, Several

PREDICTIONS, GOLD, LOG = "predictions.jsonl", "gold", "log.jsonl"


@dataclass(frozen=True)
class Workplace:
    """Where a run reads and writes. bars: progress bars on stderr."""

    out: Path
    stages: Stages
    data_root: Path | None = None
    bars: bool = False
    command: str = ""
    say: Say = lambda text: None


class RecipeRun:
    """One recipe under way: its data, its stages, what they made."""

    def __init__(self, recipe: Recipe, place: Workplace) -> None:
        self.recipe, self.place = recipe, place
        self.folder = place.out / recipe.name
        self.task = task_named(recipe.task.name)
        self.used: list[Stage] = []
        self._cards: dict[str, DataCard] = {}

    @cached_property
    def base(self) -> Base:
        """Opened once."""
        return load_base(self.recipe.base)

    def card(self, name: str) -> DataCard:
        """A data card, read once."""
        return self._cards.setdefault(name, load_card(name))

    def languages_with_text(self) -> list[str]:
        """The languages that the recipe's text has, by its card."""
        return list(self.card(self.recipe.language_modules.text.card).languages)

    def examples(self, spec: DataSpec, language: str) -> list[Example]:
        """The labelled examples that a section of the recipe names."""
        found = load(self.card(spec.card), language, spec.split, data_root=self.place.data_root)
        return sample(found, spec.count, spec.sample_seed)

    def task_stage(self, seed: int, below: Stage | None) -> Stage:
        """Train (or find) the task module of a seed, on the source's language module or alone."""
        section, task = self.recipe.task_module, self.recipe.task
        train, dev = (self.examples(spec, self.recipe.source) for spec in (task.train, task.dev))
        name = self.task_name(seed, alone=below is None)
        labels = self.task.labels(train)
        parts = task_parts(self.task, section.kind, section.options, labels, self.base)
        cards = ((task.train.card, fingerprint(train)),)
        inputs = {
            "stage": "task-1",
            "base": self.base.fingerprint,
            "tokenizer": self.base.tokenizer_fingerprint,
            "below": below.key if below else None,
            "task": self.task.name,
            "parts": [config.model_dump(mode="json") for config in parts],
            "training": section.training.model_dump(),
            "seed": seed,
            "data": [fingerprint(train), fingerprint(dev)],
        }

        def work(folder: Path) -> int:
            module = train_task(
                self.base,
                train,
                dev,
                task=self.task.name,
                source_language=self.recipe.source,
                language_module=module_of(below) if below else None,
                kind=section.kind,
                options=section.options,
                settings=section.training,
                run=self.training(folder, name, seed, cards, self.recipe.source),
                below=f"lang/{self.recipe.source}" if below else None,
            )
            return self.keep(module, name, folder)

        return self.stage(name, inputs, work)

    def predict_stage(self, language: str, condition: Condition, modules: Sequence[Stage], seed: int) -> Cell:
        """Predict (or find) the test examples of a language under a plan; keep them beside the results."""
        task = self.recipe.task
        spec = task.source_test if language == self.recipe.source and task.source_test else task.test
        examples = self.examples(spec, language)
        self._keep_gold(language, examples)
        if condition.name == ROMANISED:
            examples = romanised_examples(examples)
        plan = self.plan(condition, seed)
        data = fingerprint(examples)
        inputs = {"stage": "predict-1", "data": data, "modules": [stage.key for stage in modules]}

        def work(folder: Path) -> int:
            found = dict(zip(named(plan), map(module_of, modules), strict=True))
            model = ComposedModel(self.base, plan, found.__getitem__)
            rows = model.predict(examples)
            write_lines(folder / PREDICTIONS, [json.dumps(row, ensure_ascii=False) for row in rows])
            return 0

        name = condition.name
        stage = self.stage(f"predict/{language}/{name}/{seed}", inputs, work)
        rows = [json.loads(line) for line in (stage.folder / PREDICTIONS).read_text("utf-8").splitlines()]
        _link(stage.folder / PREDICTIONS, self.folder / "predictions" / f"{language}-{name}-{seed}.jsonl")
        scored = Scored(self.task.counts(examples, rows), self.task.score(examples, rows))
        return Cell(language, name, str(plan), seed, spec.split, data, scored)

    def _keep_gold(self, language: str, examples: Sequence[Example]) -> None:
        """The gold answers of the test examples, in the order of the predictions."""
        rows = [{"id": example.id, **self.task.gold(example)} for example in examples]
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        write_lines(self.folder / GOLD / f"{language}.jsonl", lines)

    def plan(self, condition: Condition, seed: int) -> Plan:
        """The plan of a condition, in the names of the run's own store."""
        task = Named(self.task_name(seed, alone=not condition.stacked))
        return stack(Named(f"lang/{condition.below}"), task) if condition.below else task

    def task_name(self, seed: int, *, alone: bool) -> str:
        """A task module's name in the store; the first seed has the plain one."""
        later = "" if seed == self.recipe.seeds[0] else f"-seed{seed}"
        return f"task/{self.recipe.task.title}{'-alone' if alone else ''}{later}"

    def training(
        self, folder: Path, name: str, seed: int, cards: tuple[tuple[str, str], ...], language: str
    ) -> Run:
        """How a training in a stage's folder is carried out and from what data."""
        reporters: list[Reporter] = [Log(folder / LOG, name)]
        if self.place.bars:
            reporters.append(Bar(name))
        licence = strictest(self.card(card).licence_of(language) for card, _ in cards)
        named = tuple((self.card(card).name, content) for card, content in cards)
        origin = Origin(named, licence, self.recipe.name)
        return Run(seed, folder / "checkpoints", Several(reporters), self.place.say, origin)

    def keep(self, module: Module, name: str, folder: Path) -> int:
        """Put a stage's module into its folder; returns the pieces that were read for it."""
        module.save(folder / MODULE)
        write_card(module, name, folder / MODULE)
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
        return logged_tokens(folder / LOG)

    def stage(self, name: str, inputs: dict, work: Callable[[Path], int]) -> Stage:
        """Do (or find) a stage, and say so."""
        stage = self.place.stages.run(name, inputs, work)
        stage = replace(stage, name=name)
        if stage.key not in {used.key for used in self.used}:
            self.used.append(stage)
            self.place.say(f"{name}: {'kept' if stage.cached else f'{stage.seconds:.0f} s'}")
        return stage


def run_recipe(recipe: Recipe, place: Workplace) -> Path:
    """Run every stage that is not done, then write results, report and the run's own store."""
    run = RecipeRun(recipe, place)
    tags = dict.fromkeys((recipe.source, *recipe.targets))
    nearest = relatives(recipe, run.languages_with_text())
    under = {tag: list(conditions(recipe, tag, nearest.get(tag))) for tag in tags}
    adapted = dict.fromkeys(own.below for found in under.values() for own in found if own.below)
    languages = {tag: language_stage(run, tag) for tag in adapted}
    cells = []
    for seed in recipe.seeds:
        tasks = {False: run.task_stage(seed, None)}
        if stacks(recipe):
            tasks[True] = run.task_stage(seed, languages[recipe.source])
        publish(run, languages, tasks, seed)
        for language, found in under.items():
            for condition in found:
                below = [languages[condition.below]] if condition.below else []
                modules = [*below, tasks[condition.stacked]]
                cells.append(run.predict_stage(language, condition, modules, seed))
    return write_results(run, cells)


def publish(run: RecipeRun, languages: dict[str, Stage], tasks: dict[bool, Stage], seed: int) -> None:
    """Put the modules into the run's own store, under the names that its plans use. tasks: by `stacked`."""
    named = {f"lang/{language}": stage for language, stage in languages.items()}
    named |= {run.task_name(seed, alone=not stacked): stage for stacked, stage in tasks.items()}
    for name, stage in named.items():
        for path in (stage.folder / MODULE).iterdir():
            _link(path, run.folder / "modules" / name / path.name)


def logged_tokens(log: Path) -> int:
    """Pieces read by a whole training, interruptions included."""
    if not log.exists():
        return 0
    return sum(json.loads(line).get("tokens", 0) for line in log.read_text("utf-8").splitlines())


def _link(source: Path, target: Path) -> None:
    """The same file in a second place, without taking room where the file system can."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
