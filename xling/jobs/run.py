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
from xling.data.source import load
from xling.data.text import deduplicate, hold_out
from xling.files import write_lines
from xling.jobs.compose import ComposedModel
from xling.jobs.results import Cell, write_results
from xling.jobs.stages import Stage, Stages
from xling.jobs.train_language import Origin, Run, Say, train_language
from xling.jobs.train_task import task_parts, train_task
from xling.modules.module import Module
from xling.modules.registry import preset
from xling.store.card import write_card
from xling.tasks.registry import task_named
from xling.training.reporting import Bar, Log, Reporter, Several

MODULE, PREDICTIONS, LOG = "module", "predictions.jsonl", "log.jsonl"
NONE, SOURCE, TARGET = "none", "source", "target"


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

    def text(self, language: str) -> tuple[Sequence[str], Sequence[str]]:
        """Lines to train on and lines held out: the card's dev split, or a slice of the text."""
        section = self.recipe.language_modules
        spec = section.texts.get(language, section.text)
        card = self.card(spec.card)
        lines = deduplicate(load(card, language, spec.split, data_root=self.place.data_root))
        lines = sample(lines, spec.count, spec.sample_seed)
        if "dev" in card.splits:
            held = deduplicate(load(card, language, "dev", data_root=self.place.data_root))
            return lines, sample(held, section.held_out, 0)
        return hold_out(lines, section.held_out, section.seed)

    def language_stage(self, language: str) -> Stage:
        """Train (or find) the language module of a language."""
        section = self.recipe.language_modules
        spec = section.texts.get(language, section.text)
        lines, held = self.text(language)
        goes_on = section.init == "source" and language != self.recipe.source
        first = self.language_stage(self.recipe.source) if goes_on else None
        cards = ((spec.card, fingerprint(lines)),)
        inputs = {
            "stage": "language-1",
            "base": self.base.fingerprint,
            "tokenizer": self.base.tokenizer_fingerprint,
            "language": language,
            "parts": [config.model_dump(mode="json") for config in preset(section.kind, section.options)],
            "training": section.training.model_dump(),
            "seed": section.seed,
            "text": [fingerprint(lines), fingerprint(held)],
            "init": first.key if first else None,
        }

        def work(folder: Path) -> int:
            run = self._run(folder, f"lang/{language}", section.seed, cards, language)
            module = train_language(
                self.base,
                lines,
                language=language,
                kind=section.kind,
                options=section.options,
                held_out=held,
                settings=section.training,
                run=run,
                init=module_of(first) if first else None,
            )
            return self._keep(module, f"lang/{language}", folder)

        return self._stage(f"lang/{language}", inputs, work)

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
                run=self._run(folder, name, seed, cards, self.recipe.source),
                below=f"lang/{self.recipe.source}" if below else None,
            )
            return self._keep(module, name, folder)

        return self._stage(name, inputs, work)

    def predict_stage(self, language: str, condition: str, modules: Sequence[Stage], seed: int) -> Cell:
        """Predict (or find) the test examples of a language under a plan; keep them beside the results."""
        task = self.recipe.task
        spec = task.source_test if language == self.recipe.source and task.source_test else task.test
        examples = self.examples(spec, language)
        plan = self.plan(language, condition, seed)
        data = fingerprint(examples)
        inputs = {"stage": "predict-1", "data": data, "modules": [stage.key for stage in modules]}

        def work(folder: Path) -> int:
            found = dict(zip(named(plan), map(module_of, modules), strict=True))
            model = ComposedModel(self.base, plan, found.__getitem__)
            rows = model.predict(examples)
            write_lines(folder / PREDICTIONS, [json.dumps(row, ensure_ascii=False) for row in rows])
            return 0

        stage = self._stage(f"predict/{language}/{condition}/{seed}", inputs, work)
        rows = [json.loads(line) for line in (stage.folder / PREDICTIONS).read_text("utf-8").splitlines()]
        _link(
            stage.folder / PREDICTIONS, self.folder / "predictions" / f"{language}-{condition}-{seed}.jsonl"
        )
        counts = self.task.counts(examples, rows)
        return Cell(language, condition, str(plan), seed, spec.split, data, counts)

    def plan(self, language: str, condition: str, seed: int) -> Plan:
        """The plan of a condition, in the names of the run's own store."""
        if condition == NONE:
            return Named(self.task_name(seed, alone=True))
        below = self.recipe.source if condition == SOURCE else language
        return stack(Named(f"lang/{below}"), Named(self.task_name(seed, alone=False)))

    def task_name(self, seed: int, *, alone: bool) -> str:
        """A task module's name in the store; the first seed has the plain one."""
        later = "" if seed == self.recipe.seeds[0] else f"-seed{seed}"
        return f"task/{self.recipe.task.title}{'-alone' if alone else ''}{later}"

    def _run(
        self, folder: Path, name: str, seed: int, cards: tuple[tuple[str, str], ...], language: str
    ) -> Run:
        reporters: list[Reporter] = [Log(folder / LOG, name)]
        if self.place.bars:
            reporters.append(Bar(name))
        licence = strictest(self.card(card).licence_of(language) for card, _ in cards)
        origin = Origin(cards, licence, self.recipe.name)
        return Run(seed, folder / "checkpoints", Several(reporters), self.place.say, origin)

    def _keep(self, module: Module, name: str, folder: Path) -> int:
        module.save(folder / MODULE)
        write_card(module, name, folder / MODULE)
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
        return logged_tokens(folder / LOG)

    def _stage(self, name: str, inputs: dict, work: Callable[[Path], int]) -> Stage:
        stage = self.place.stages.run(name, inputs, work)
        stage = replace(stage, name=name)
        if stage.key not in {used.key for used in self.used}:
            self.used.append(stage)
            self.place.say(f"{name}: {'kept' if stage.cached else f'{stage.seconds:.0f} s'}")
        return stage


def run_recipe(recipe: Recipe, place: Workplace) -> Path:
    """Run every stage that is not done, then write results, report and the run's own store."""
    run = RecipeRun(recipe, place)
    languages = {tag: run.language_stage(tag) for tag in dict.fromkeys((recipe.source, *recipe.targets))}
    cells = []
    for seed in recipe.seeds:
        alone = run.task_stage(seed, None)
        stacked = run.task_stage(seed, languages[recipe.source])
        publish(run, languages, {False: stacked, True: alone}, seed)
        for language in languages:
            cells.append(run.predict_stage(language, NONE, [alone], seed))
            below = {SOURCE: languages[recipe.source], TARGET: languages[language]}
            for condition in (SOURCE, TARGET) if language != recipe.source else (SOURCE,):
                cells.append(run.predict_stage(language, condition, [below[condition], stacked], seed))
    return write_results(run, cells)


def publish(run: RecipeRun, languages: dict[str, Stage], tasks: dict[bool, Stage], seed: int) -> None:
    """Put the modules into the run's own store, under the names that its plans use."""
    named = {f"lang/{language}": stage for language, stage in languages.items()}
    named |= {run.task_name(seed, alone=alone): stage for alone, stage in tasks.items()}
    for name, stage in named.items():
        for path in (stage.folder / MODULE).iterdir():
            _link(path, run.folder / "modules" / name / path.name)


def module_of(stage: Stage) -> Module:
    """The module that a stage made."""
    return Module.load(stage.folder / MODULE)


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
