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
from xling.jobs.language_stages import language_stage
from xling.jobs.results import Cell, write_results
from xling.jobs.stages import MODULE, Stage, Stages, module_of
from xling.jobs.train_language import Origin, Run, Say
from xling.jobs.train_task import task_parts, train_task
from xling.modules.module import Module
from xling.store.card import write_card
from xling.tasks.registry import task_named
from xling.training.reporting import Bar, Log, Reporter, Several

PREDICTIONS, LOG = "predictions.jsonl", "log.jsonl"
NONE, SOURCE, TARGET, ROMANISED = "none", "source", "target", "romanised"


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

    def predict_stage(self, language: str, condition: str, modules: Sequence[Stage], seed: int) -> Cell:
        """Predict (or find) the test examples of a language under a plan; keep them beside the results."""
        task = self.recipe.task
        spec = task.source_test if language == self.recipe.source and task.source_test else task.test
        examples = self.examples(spec, language)
        if condition == ROMANISED:
            examples = romanised_examples(examples)
        plan = self.plan(language, condition, seed)
        data = fingerprint(examples)
        inputs = {"stage": "predict-1", "data": data, "modules": [stage.key for stage in modules]}

        def work(folder: Path) -> int:
            found = dict(zip(named(plan), map(module_of, modules), strict=True))
            model = ComposedModel(self.base, plan, found.__getitem__)
            rows = model.predict(examples)
            write_lines(folder / PREDICTIONS, [json.dumps(row, ensure_ascii=False) for row in rows])
            return 0

        stage = self.stage(f"predict/{language}/{condition}/{seed}", inputs, work)
        rows = [json.loads(line) for line in (stage.folder / PREDICTIONS).read_text("utf-8").splitlines()]
        _link(
            stage.folder / PREDICTIONS, self.folder / "predictions" / f"{language}-{condition}-{seed}.jsonl"
        )
        counts = self.task.counts(examples, rows)
        return Cell(language, condition, str(plan), seed, spec.split, data, counts)

    def plan(self, language: str, condition: str, seed: int) -> Plan:
        """The plan of a condition, in the names of the run's own store."""
        if condition in (NONE, ROMANISED):
            return Named(self.task_name(seed, alone=True))
        below = self.recipe.source if condition == SOURCE else language
        return stack(Named(f"lang/{below}"), Named(self.task_name(seed, alone=not self.stacks)))

    @property
    def stacks(self) -> bool:
        """Whether the source's language module lies under the task module while it learns."""
        section = self.recipe.language_modules
        return section.under_task == "source" and bool(section.objectives)

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
        origin = Origin(cards, licence, self.recipe.name)
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
    adapted = tags if run.stacks else recipe.targets if recipe.language_modules.objectives else ()
    languages = {tag: language_stage(run, tag) for tag in adapted}
    cells = []
    for seed in recipe.seeds:
        alone = run.task_stage(seed, None)
        stacked = run.task_stage(seed, languages[recipe.source]) if run.stacks else alone
        publish(run, languages, {not run.stacks: stacked, True: alone}, seed)
        for language in tags:
            cells.append(run.predict_stage(language, NONE, [alone], seed))
            for control in recipe.controls if language != recipe.source else ():
                cells.append(run.predict_stage(language, control, [alone], seed))
            for condition, below in _below(run, language).items():
                cells.append(run.predict_stage(language, condition, [languages[below], stacked], seed))
    return write_results(run, cells)


def _below(run: RecipeRun, language: str) -> dict[str, str]:
    """The conditions with a language module, and whose it is."""
    source = {SOURCE: run.recipe.source} if run.stacks else {}
    has_own = run.recipe.language_modules.objectives and language != run.recipe.source
    return {**source, TARGET: language} if has_own else source


def publish(run: RecipeRun, languages: dict[str, Stage], tasks: dict[bool, Stage], seed: int) -> None:
    """Put the modules into the run's own store, under the names that its plans use."""
    named = {f"lang/{language}": stage for language, stage in languages.items()}
    named |= {run.task_name(seed, alone=alone): stage for alone, stage in tasks.items()}
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
