"""Planning a recipe: its stages, as a pure function of the recipe and its data.

Language modules come first (vocabulary, MLM and alignment, as the recipe says), then a task module for each
seed, then predictions for every language under its conditions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from xling.bases.precision import FLOAT32, Precision
from xling.composition.contents import named
from xling.composition.forms.single import NEW, Named
from xling.composition.forms.stack import stack
from xling.composition.forms.turns import Turns
from xling.data.examples import Example
from xling.data.romanising import romanised_examples
from xling.evaluation.results import RELATED, ROMANISED
from xling.makers.alignment import GLOSS
from xling.makers.make import checked
from xling.makers.projection import checked_carrier
from xling.makers.stage import Stage
from xling.pipeline.conditions import (
    ALONE,
    CARRYING,
    TAUGHT,
    Condition,
    conditions,
    relatives,
    stacks,
    task_name,
    teacher,
)
from xling.pipeline.corpus import Corpus
from xling.pipeline.few_labels import few_stages
from xling.pipeline.own_modules import own_stages
from xling.pipeline.own_plans import combined
from xling.pipeline.recipe import VocabularySection, told
from xling.plain_yaml import written
from xling.tasks.registry import task_named
from xling.training.specs import (
    AlignmentTraining,
    Distillation,
    LanguageTraining,
    LexiconBuild,
    Projection,
    Specification,
    TaskTraining,
    VocabularyBuild,
)
from xling.words.induced import induced


class Prediction(Specification):
    """The specification of a stage that predicts the test examples of a language under the stage's plan."""

    revision: ClassVar[int] = 2  # since then the tags of a sentence are chosen together
    precision: Precision = FLOAT32


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A score that the recipe asks for: one language under one condition.

    gold: the test examples with their labels, unchanged.
    """

    stage: Stage
    condition: str
    split: str
    gold: Sequence[Example] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The stages of a recipe.

    source: the language that the task is learned in.
    modules: the stages that make modules, by the names used in plans.
    scores: the scores that the recipe asks for.
    """

    source: str
    modules: Mapping[str, Stage]
    scores: Sequence[Asked]

    def in_order(self) -> Iterator[Stage]:
        """Yield every stage after those that it depends on. A stage may occur several times."""
        for stage in (*self.modules.values(), *(asked.stage for asked in self.scores)):
            yield from _with_below(stage)


def plan_recipe(corpus: Corpus, precision: Precision = FLOAT32) -> Planned:
    """Return all stages of a corpus's recipe.

    All rows are read here, so that faults in the data are reported before any training starts.

    precision: the precision in which predictions are computed.
    """
    recipe = corpus.recipe
    tags = dict.fromkeys((recipe.source, *recipe.targets))
    nearest = relatives(recipe, corpus.languages_with_text() if RELATED in recipe.controls else [])
    under = [
        (tag, seed, condition)
        for seed in recipe.seeds
        for tag in tags
        for condition in conditions(recipe, tag, seed, nearest.get(tag))
    ]
    plans = [condition.plan for _, _, condition in under]
    plans += [combined(recipe, name, task_name(recipe, recipe.seeds[0])) for name in recipe.fusions]
    names = dict.fromkeys(str(own) for plan in plans for own in named(plan))
    parts = {name: name.partition("/") for name in names}
    modules = {
        name: _MAKING[group](corpus, tag) for name, (group, _, tag) in parts.items() if group in _MAKING
    }
    for seed in recipe.seeds:
        modules |= _task_stages(corpus, seed, modules)
    spec = Prediction(precision=precision)
    asked = [
        _asked(corpus, tag, condition, modules=modules, seed=seed, spec=spec)
        for tag, seed, condition in under
    ]
    return Planned(source=recipe.source, modules=modules, scores=asked)


def language_stage(corpus: Corpus, language: str) -> Stage:
    """Return the last stage that makes the module of a language.

    The source language is trained by MLM with the base's own vocabulary. In a recipe with a family, one
    module serves all targets.
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


def words_stage(corpus: Corpus, language: str) -> Stage:
    """Return the stage that makes the lexicon of a language."""
    section = corpus.recipe.words
    assert section is not None
    data = {}
    if section.pairs is not None:
        data["pairs"] = corpus.pairs(section.pairs, language)
    if section.dictionary is not None:
        found = corpus.pairs(section.dictionary, language)
        data["dictionary"] = replace(found, rows=[(*entry, "1") for entry in found.rows])
    return _stage(
        corpus,
        name=f"words/{language}",
        spec=told(section, LexiconBuild),
        language=language,
        data=data,
        seed=0,
    )


_MAKING = {"lang": language_stage, "words": words_stage}


def _mlm_stage(corpus: Corpus, language: str, below: Mapping[str, Stage]) -> Stage:
    section, data = corpus.recipe.language_modules, corpus.text(language)
    if section.head_text is not None:
        data["head_text"] = corpus.lines(section.head_text, corpus.recipe.source)
    return _stage(
        corpus,
        name=f"lang/{language}",
        spec=told(section, LanguageTraining),
        language=language,
        data=data,
        modules=dict(below),
    )


def _alignment_stage(corpus: Corpus, language: str, below: Mapping[str, Stage]) -> Stage:
    section = corpus.recipe.language_modules.alignment
    assert section is not None
    data, modules = {}, dict(below)
    if section.pairs is not None:
        data["pairs"] = corpus.pairs(section.pairs, language)
    if section.gloss is not None:
        data["text"] = corpus.lines(section.gloss, language)
        modules[GLOSS] = words_stage(corpus, language)
    return _stage(
        corpus,
        name=f"lang/{language}{'/aligned' if 'init' in below else ''}",
        spec=told(section, AlignmentTraining),
        language=language,
        data=data,
        modules=modules,
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
    """Return a stage that makes a module of a recipe.

    Raises InputError for faults that can be found before a base is opened.
    """
    recipe = corpus.recipe
    text = written(recipe.model_dump(mode="json", exclude_defaults=True))
    return checked(Stage(**{"seed": recipe.language_modules.seed, "recipe": text, **fields}))


def _task_stages(corpus: Corpus, seed: int, modules: Mapping[str, Stage]) -> dict[str, Stage]:
    """Return the stages of a seed's task modules, by name.

    One task module is trained on the base alone. If the recipe stacks modules, another is trained on top of
    the source's language module, or of all languages' in turn. The recipe's fusions and hypernetworks come
    last.
    """
    recipe, task, source = corpus.recipe, corpus.recipe.task, corpus.recipe.source
    found = [
        _stage(
            corpus,
            name=task_name(recipe, seed, ALONE),
            spec=told(recipe.task_module, TaskTraining),
            language=source,
            task=task.name,
            data={"train": corpus.examples(task.train, source), "dev": corpus.examples(task.dev, source)},
            seed=seed,
        )
    ]
    if stacks(recipe):
        cycled = recipe.targets if recipe.language_modules.under_task == "cycle" else ()
        beneath = [f"lang/{tag}" for tag in dict.fromkeys((source, *cycled))]
        under = [Named(own) for own in beneath]
        plan = stack(Turns(tuple(under)) if under[1:] else under[0], NEW)
        below = {own: modules[own] for own in beneath}
        found.append(replace(found[0], name=task_name(recipe, seed), plan=plan, modules=below))
    if carried := _projections(corpus, found[0]):
        name = task_name(recipe, seed, CARRYING)
        found.append(replace(found[0], name=name, data={**found[0].data, **carried}))
    stages = {stage.name: stage for stage in (*found, *few_stages(corpus, found[0], found[-1]))}
    if recipe.task_module.distil is not None:
        name = task_name(recipe, seed, TAUGHT)
        stages[name] = replace(_taught(corpus, found[0], {**modules, **stages}), name=name)
    above = task_name(recipe, seed, "" if stacks(recipe) else ALONE)
    return stages | own_stages(corpus, found[0], task=above, modules={**modules, **stages})


def _taught(corpus: Corpus, before: Stage, modules: Mapping[str, Stage]) -> Stage:
    """Return the training of a task module on the source's examples and on what a plan says of texts.

    before: the training on the source's examples alone.
    """
    recipe, section = corpus.recipe, corpus.recipe.task_module.distil
    assert section is not None
    plan = teacher(recipe, section.teacher, before.seed)
    texts = {f"text/{tag}": corpus.unlabelled(section.text, tag) for tag in recipe.targets}
    spec = Distillation(teacher=str(plan), **dict(before.spec))
    below = {str(own): modules[str(own)] for own in named(plan)}
    return checked(replace(before, spec=spec, data={**before.data, **texts}, modules=below))


def _projections(corpus: Corpus, labeller: Stage) -> dict[str, Stage]:
    """Return the stages that carry labels over to languages, by the purpose of what they make.

    labeller: the stage of the task module that labels the source's sides.
    """
    sections = corpus.recipe.task_module.projected
    if sections:
        checked_carrier(task_named(str(labeller.task)))
    return {
        f"train/{language}": Stage(
            name=f"{labeller.name}/carried-{language}",
            spec=told(section, Projection),
            language=language,
            task=labeller.task,
            data={"pairs": corpus.pairs(section.pairs, language)},
            modules={labeller.name: labeller},
            plan=Named(labeller.name),
            seed=labeller.seed,
        )
        for section in sections
        for language in section.languages
    }


def _asked(
    corpus: Corpus,
    language: str,
    condition: Condition,
    *,
    modules: Mapping[str, Stage],
    seed: int,
    spec: Prediction,
) -> Asked:
    """Return the score of a language under a condition, with the stage that predicts for it."""
    recipe, task = corpus.recipe, corpus.recipe.task
    test = task.source_test if language == recipe.source and task.source_test else task.test
    gold = corpus.examples(test, language)
    read = replace(gold, rows=romanised_examples(gold.rows)) if condition.name == ROMANISED else gold
    stage = Stage(
        name=f"predict/{language}/{condition.name}/{seed}",
        spec=spec,
        language=language,
        task=task.name,
        data={"test": read},
        modules={str(own): modules[str(own)] for own in named(condition.plan)},
        plan=condition.plan,
        seed=seed,
    )
    return Asked(stage=stage, condition=condition.name, split=test.split, gold=gold.rows)


def _with_below(stage: Stage) -> Iterator[Stage]:
    for below in stage.beforehand.values():
        yield from _with_below(below)
    yield stage
