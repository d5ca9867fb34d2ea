"""One recipe under way: its data, each read once, and how a stage of it is carried out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from xling.bases.base import Base, load_base
from xling.bases.precision import FLOAT32, Precision
from xling.data.card_schema import DataCard
from xling.data.cards import load_card
from xling.data.examples import Example, sample
from xling.data.licences import strictest
from xling.data.source import load
from xling.makers.language import Origin, Run, Say
from xling.makers.task import check_kind
from xling.modules.module import Module
from xling.modules.registry import preset
from xling.pipeline.recipe import DataSpec, Recipe
from xling.pipeline.stages import MODULE, Stage, Stages
from xling.plain_yaml import written
from xling.store.card import write_card
from xling.tasks.registry import task_named
from xling.training.reporting import Bar, Log, Reporter, Several

LOG = "log.jsonl"


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """Where a run reads and writes, and on what it computes.

    bars: progress bars on stderr. precision: of predictions; trainings have their own in their settings.
    """

    out: Path
    stages: Stages
    data_root: Path | None = None
    device: str = "cpu"
    precision: Precision = FLOAT32
    bars: bool = False
    command: str = ""
    say: Say = lambda text: None


class RecipeRun:
    """One recipe under way: its data, how its stages are carried out."""

    def __init__(self, recipe: Recipe, place: Workplace) -> None:
        self.recipe, self.place = recipe, place
        self.folder = place.out / recipe.name
        self.task = task_named(recipe.task.name, where="task.name")
        preset(recipe.language_modules.kind, recipe.language_modules.options, where="language_modules")
        check_kind(recipe.task_module.kind, recipe.task_module.options, where="task_module")
        self.used: list[Stage] = []
        self._cards: dict[str, DataCard] = {}

    @cached_property
    def base(self) -> Base:
        """Opened once."""
        return load_base(self.recipe.base, device=self.place.device)

    def card(self, name: str) -> DataCard:
        """A data card, read once."""
        return self._cards.setdefault(name, load_card(name))

    def cards(self) -> list[DataCard]:
        """The cards that were read so far."""
        return list(self._cards.values())

    def languages_with_text(self) -> list[str]:
        """The languages that the recipe's text has, by its card."""
        return list(self.card(self.recipe.language_modules.text.card).languages)

    def examples(self, spec: DataSpec, language: str) -> list[Example]:
        """The labelled examples that a section of the recipe names."""
        found = load(self.card(spec.card), language, spec.split, data_root=self.place.data_root)
        return sample(found, spec.count, spec.sample_seed)

    def training(
        self, folder: Path, name: str, seed: int, cards: tuple[tuple[str, str], ...], language: str
    ) -> Run:
        """How a training in a stage's folder is carried out and from what data."""
        reporters: list[Reporter] = [Log(folder / LOG, name)]
        if self.place.bars:
            reporters.append(Bar(name))
        licence = strictest(self.card(card).licence_of(language) for card, _ in cards)
        named = tuple((self.card(card).name, content) for card, content in cards)
        origin = Origin(named, licence, written(self.recipe.model_dump(mode="json", exclude_defaults=True)))
        return Run(
            seed=seed,
            checkpoints=folder / "checkpoints",
            reporter=Several(reporters),
            say=self.place.say,
            origin=origin,
        )

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


def logged_tokens(log: Path) -> int:
    """Pieces read by a whole training, interruptions included."""
    if not log.exists():
        return 0
    return sum(json.loads(line).get("tokens", 0) for line in log.read_text("utf-8").splitlines())
