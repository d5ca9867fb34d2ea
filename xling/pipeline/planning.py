"""From a recipe to its stages: a pure function of the recipe and its data.

Language modules first (a vocabulary, MLM and alignment, as the recipe says), then a task module for each
seed, then predictions of every language under its conditions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from xling.bases.precision import FLOAT32, Precision
from xling.composition.contents import named
from xling.composition.forms.form import Plan
from xling.composition.forms.single import Named
from xling.composition.forms.stack import stack
from xling.data.examples import Example
from xling.data.romanising import romanised_examples
from xling.evaluation.results import NONE, RELATED, REMOVED, ROMANISED, SOURCE, TARGET
from xling.makers.make import checked
from xling.makers.stage import NEW, Stage
from xling.pipeline.corpus import Corpus
from xling.pipeline.recipe import Recipe, VocabularySection, told
from xling.plain_yaml import written
from xling.training.specs import (
    AlignmentTraining,
    LanguageTraining,
    Specification,
    TaskTraining,
    VocabularyBuild,
)
from xling.typology import related
from xling.vocabulary.word_list import induced


class Prediction(Specification):
    """The test examples of a language are predicted under the plan of the stage."""

    precision: Precision = FLOAT32


@dataclass(frozen=True)
class Condition:
    """below: whose language module lies below, or None. stacked: the task module learned on the source's."""

    name: str
    below: str | None = None
    stacked: bool = False


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A score that a recipe asks for: a language under a condition. gold: the test examples as they are."""

    stage: Stage
    condition: str
    split: str
    gold: Sequence[Example] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The stages of a recipe. modules: those that its plans name, by that name. scores: what is asked for."""

    modules: Mapping[str, Stage]
    scores: Sequence[Asked]

    def in_order(self) -> Iterator[Stage]:
        """Every stage, each behind those that it stands on; some more than once."""
        for stage in (*self.modules.values(), *(asked.stage for asked in self.scores)):
            yield from _with_below(stage)


def plan_recipe(corpus: Corpus, precision: Precision = FLOAT32) -> Planned:
    """All stages of a corpus's recipe. precision: of its predictions.

    Every row is read here, so whatever is wrong with the data is told before anything is trained.
    """
    recipe = corpus.recipe
    tags = dict.fromkeys((recipe.source, *recipe.targets))
    nearest = relatives(recipe, corpus.languages_with_text() if RELATED in recipe.controls else [])
    under = {tag: list(conditions(recipe, tag, nearest.get(tag))) for tag in tags}
    adapted = dict.fromkeys(own.below for found in under.values() for own in found if own.below)
    modules = {f"lang/{tag}": language_stage(corpus, tag) for tag in adapted}
    for seed in recipe.seeds:
        modules |= _task_stages(corpus, seed, modules)
    asked = [
        _asked(corpus, language, condition, modules=modules, seed=seed, spec=Prediction(precision=precision))
        for seed in recipe.seeds
        for language, found in under.items()
        for condition in found
    ]
    return Planned(modules=modules, scores=asked)


def language_stage(corpus: Corpus, language: str) -> Stage:
    """The last stage of a language's module; the source learns by MLM in the base's own vocabulary.

    With a family its one module serves every target.
    """
    section, source = corpus.recipe.language_modules, corpus.recipe.source
    below: dict[str, Stage] = {}
    if language == source:
        return _mlm_stage(corpus, source, below)
    language = section.family.tag if section.family else language
    if section.init == "source":
        below["init"] = language_stage(corpus, source)
    if section.vocabulary is not None:
        below["vocabulary"] = _vocabulary_stage(corpus, language, section.vocabulary)
    for objective in section.objectives:
        below["init"] = _STAGES[objective](corpus, language, below)
    return below["init"]


def _mlm_stage(corpus: Corpus, language: str, below: Mapping[str, Stage]) -> Stage:
    return _stage(
        corpus,
        name=f"lang/{language}",
        spec=told(corpus.recipe.language_modules, LanguageTraining),
        language=language,
        data=corpus.text(language),
        modules=dict(below),
    )


def _alignment_stage(corpus: Corpus, language: str, below: Mapping[str, Stage]) -> Stage:
    section = corpus.recipe.language_modules.alignment
    assert section is not None
    return _stage(
        corpus,
        name=f"lang/{language}{'/aligned' if 'init' in below else ''}",
        spec=told(section, AlignmentTraining),
        language=language,
        data={"pairs": corpus.pairs(section.pairs, language)},
        modules=dict(below),
    )


_STAGES = {"mlm": _mlm_stage, "alignment": _alignment_stage}


def _vocabulary_stage(corpus: Corpus, language: str, section: VocabularySection) -> Stage:
    data = {"text": corpus.text(language)["text"]}
    for role, spec in (("protect", section.protect), ("source_text", section.source_text)):
        if spec is not None:
            data[role] = corpus.lines(spec, corpus.recipe.source)
    if section.parallel is not None:
        data["pairs"] = corpus.pairs(section.parallel, language)
        data["dictionary"] = replace(data["pairs"], rows=induced(data["pairs"].rows))
    spec = told(section, VocabularyBuild)
    return _stage(corpus, name=f"lang/{language}/vocabulary", spec=spec, language=language, data=data)


def _stage(corpus: Corpus, **fields: Any) -> Stage:
    """A stage that makes a module of a recipe; InputError for what can be told before a base is opened."""
    recipe = corpus.recipe
    text = written(recipe.model_dump(mode="json", exclude_defaults=True))
    return checked(Stage(**{"seed": recipe.language_modules.seed, "recipe": text, **fields}))


def _task_stages(corpus: Corpus, seed: int, modules: Mapping[str, Stage]) -> dict[str, Stage]:
    """The task module of a seed on the base alone and, where the recipe stacks it, on the source's module."""
    recipe, task, source = corpus.recipe, corpus.recipe.task, corpus.recipe.source
    found = [
        _stage(
            corpus,
            name=task_name(recipe, seed, alone=True),
            spec=told(recipe.task_module, TaskTraining),
            language=source,
            task=task.name,
            data={"train": corpus.examples(task.train, source), "dev": corpus.examples(task.dev, source)},
            seed=seed,
        )
    ]
    if stacks(recipe):
        beneath = f"lang/{source}"
        plan, below = stack(Named(beneath), NEW), {beneath: modules[beneath]}
        found.append(replace(found[0], name=task_name(recipe, seed, alone=False), plan=plan, modules=below))
    return {stage.name: stage for stage in found}


def _asked(
    corpus: Corpus,
    language: str,
    condition: Condition,
    *,
    modules: Mapping[str, Stage],
    seed: int,
    spec: Prediction,
) -> Asked:
    """The score of a language under a condition."""
    recipe, task = corpus.recipe, corpus.recipe.task
    test = task.source_test if language == recipe.source and task.source_test else task.test
    gold = corpus.examples(test, language)
    read = replace(gold, rows=romanised_examples(gold.rows)) if condition.name == ROMANISED else gold
    plan = plan_of(recipe, condition, seed)
    stage = Stage(
        name=f"predict/{language}/{condition.name}/{seed}",
        spec=spec,
        language=language,
        task=task.name,
        data={"test": read},
        modules={str(own): modules[str(own)] for own in named(plan)},
        plan=plan,
        seed=seed,
    )
    return Asked(stage=stage, condition=condition.name, split=test.split, gold=gold.rows)


def stacks(recipe: Recipe) -> bool:
    """Whether the source's language module lies under the task module while it learns."""
    section = recipe.language_modules
    return section.under_task == "source" and bool(section.objectives)


def conditions(recipe: Recipe, language: str, relative: str | None = None) -> Iterator[Condition]:
    """The conditions of a language, the control first. relative: a related language's tag.

    `removed` tells what the task module leans on: it learned on a language module that is gone.
    """
    target, above = language != recipe.source, stacks(recipe)
    yield Condition(NONE)
    if target and ROMANISED in recipe.controls:
        yield Condition(ROMANISED)
    if above:
        yield Condition(SOURCE, recipe.source, stacked=True)
        if REMOVED in recipe.controls:
            yield Condition(REMOVED, stacked=True)
    if target and recipe.language_modules.objectives:
        if relative is not None:
            yield Condition(RELATED, relative, stacked=above)
        yield Condition(TARGET, language, stacked=above)


def relatives(recipe: Recipe, candidates: list[str]) -> dict[str, str]:
    """The related language of each target: as the recipe says, else the nearest of the candidates.

    candidates: languages with text to learn a module from. A target that has neither has none.
    """
    if RELATED not in recipe.controls:
        return {}
    said = recipe.language_modules.related
    chosen = {}
    for language in recipe.targets:
        others = [tag for tag in candidates if tag not in (language, recipe.source)]
        if language in said:
            chosen[language] = said[language]
        elif others:
            chosen[language] = related(language, others).language
    return chosen


def plan_of(recipe: Recipe, condition: Condition, seed: int) -> Plan:
    """The plan of a condition, in the names of the run's own store."""
    task = Named(task_name(recipe, seed, alone=not condition.stacked))
    return stack(Named(f"lang/{condition.below}"), task) if condition.below else task


def task_name(recipe: Recipe, seed: int, *, alone: bool) -> str:
    """A task module's name in the store; the first seed has the plain one."""
    later = "" if seed == recipe.seeds[0] else f"-seed{seed}"
    return f"task/{recipe.task.title}{'-alone' if alone else ''}{later}"


def _with_below(stage: Stage) -> Iterator[Stage]:
    for below in stage.modules.values():
        assert isinstance(below, Stage), "a recipe's stages stand on stages"
        yield from _with_below(below)
    yield stage
