"""The papers' own recipes, MAD-X and LT-SFT: the language's module, the source's and the nearest one's.

For a base that is a true MLM (own_base.py). A gain is over a task module of the same kind without any
language module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from lab.ground import TEXT, Ground
from lab.method import CONTROL, Method, Modules
from xling.composition.grammar import parse
from xling.corpora.cards import load_card
from xling.makers.stage import Stage
from xling.modules.module import Module
from xling.training.specs import LanguageTraining, TaskTraining, TrainingSettings
from xling.typology import related


@dataclass(frozen=True, kw_only=True)
class Paper:
    """How a paper trains and stacks its modules.

    language: the training of a language module.
    task: the kind and the options of the task module, or None for the recipe's.
    faster: by how much the task's learning rate is multiplied.
    stacked: whether the task is learned on top of the source's language module.
    control: the name of the method that its gains are over: its task module without a language module.
    """

    name: str
    language: LanguageTraining
    task: tuple[str, dict[str, Any]] | None = None
    faster: float = 1.0
    stacked: bool
    control: str


_STEPS = TrainingSettings(steps=300, learning_rate=1e-3, batch_tokens=1024)
MAD_X = Paper(
    name="mad-x",  # Pfeiffer et al. 2020
    language=LanguageTraining(kind="madx", training=_STEPS),
    stacked=True,
    control=CONTROL,
)
LT_SFT = Paper(
    name="lt-sft",  # Ansell et al. 2022
    language=LanguageTraining(
        kind="lt-sft", options={"k": 0.05}, training=_STEPS.model_copy(update={"learning_rate": 5e-4})
    ),
    task=("lt-sft", {"k": 0.05}),
    faster=0.25,
    stacked=False,
    control="lt-sft-none",
)


def task_module(ground: Ground, paper: Paper, seed: int) -> Stage:
    """Return the training of a paper's task module on the source."""
    alone, source = ground.task_module(seed), ground.recipe.source
    assert isinstance(alone.spec, TaskTraining)
    before = alone.spec.training
    training = before.model_copy(update={"learning_rate": before.learning_rate * paper.faster})
    changes: dict[str, Any] = {"training": training}
    if paper.task is not None:  # the head stays the recipe's
        kind, options = paper.task
        head = {name: value for name, value in alone.spec.options.items() if name == "head"}
        changes |= {"kind": kind, "options": {**options, **head}}
    own = ground.task_module(seed, **changes)
    if not paper.stacked:
        return own
    name = f"lang/{source}"
    below = {name: ground.language_module(source, paper.language)}
    return replace(own, name=f"{own.name}/stacked", plan=parse(f"{name} >> new"), modules=below)


def nearest(ground: Ground, language: str) -> str:
    """Return the language with plain text that is nearest to a language."""
    return related(language, load_card(TEXT).languages).language


_BELOW: dict[str, Callable[[Ground, str], str]] = {
    "own": lambda ground, language: language,
    "source": lambda ground, language: ground.recipe.source,
    "related": nearest,
}


def _with(paper: Paper, below: Callable[[Ground, str], str]) -> Callable[[Ground, str, int], Modules]:
    def of(ground: Ground, language: str, seed: int) -> Modules:
        found: dict[str, Stage | Module] = {"task": task_module(ground, paper, seed)}
        return {**found, "lang": ground.language_module(below(ground, language), paper.language)}

    return of


def _methods(paper: Paper) -> Iterator[Method]:
    if paper.control != CONTROL:
        yield Method(
            name=paper.control,
            plan=lambda language, seed: "task",
            modules=lambda ground, language, seed: {"task": task_module(ground, paper, seed)},
        )
    for name, below in _BELOW.items():
        yield Method(
            name=f"{paper.name}-{name}",
            plan=lambda language, seed: "lang >> task",
            modules=_with(paper, below),
            suits=Ground.has_text,
            control=paper.control,
        )


OF_PAPERS = tuple(method for paper in (MAD_X, LT_SFT) for method in _methods(paper))
