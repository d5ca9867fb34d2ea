"""The conditions of a recipe: under which plans each language is tested, and the names of their modules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xling.composition.forms.form import Plan
from xling.composition.forms.route import Route
from xling.composition.forms.single import Named
from xling.composition.forms.stack import stack
from xling.composition.forms.vote import Vote
from xling.errors import InputError
from xling.evaluation.results import (
    BOTH,
    CARRIED,
    CARRIED_VOTE,
    DISTILLED,
    FEW,
    FEW_VOTE,
    GLOSS,
    NONE,
    RELATED,
    REMOVED,
    ROMANISED,
    SOURCE,
    TARGET,
    VOTE,
)
from xling.pipeline.own_plans import own_plans
from xling.pipeline.recipe import Recipe
from xling.tasks.registry import task_named
from xling.tasks.task import ScoresUnits
from xling.typology import related

ALONE, CARRYING, TAUGHT, FEW_OF = "-alone", "-projected", "-distilled", "-few-"  # in names of task modules


@dataclass(frozen=True)
class Condition:
    """A condition under which a language is tested, with its plan."""

    name: str
    plan: Plan


def stacks(recipe: Recipe) -> bool:
    """Return whether the task module is trained on top of the source's language module, in turn or always."""
    section = recipe.language_modules
    return section.under_task != "none" and bool(section.objectives)


def conditions(recipe: Recipe, language: str, seed: int, relative: str | None = None) -> Iterator[Condition]:
    """Yield the conditions of a language, starting with the control that has no language module.

    The condition `removed` shows how much a task module depends on the language module it was trained on.

    relative: the tag of a related language, or None.
    """
    target, trained = language != recipe.source, bool(recipe.language_modules.objectives)
    alone = Named(task_name(recipe, seed, ALONE))
    above = Named(task_name(recipe, seed, "" if stacks(recipe) else ALONE))
    own = stack(Named(f"lang/{language}"), above)
    yield Condition(NONE, alone)
    if target and ROMANISED in recipe.controls:
        yield Condition(ROMANISED, alone)
    if stacks(recipe):
        yield Condition(SOURCE, stack(Named(f"lang/{recipe.source}"), above))
        if REMOVED in recipe.controls:
            yield Condition(REMOVED, above)
    if target and trained:
        if relative is not None:
            yield Condition(RELATED, stack(Named(f"lang/{relative}"), above))
        yield Condition(TARGET, own)
    carried = Named(task_name(recipe, seed, CARRYING)) if recipe.task_module.projected else None
    few = Named(task_name(recipe, seed, f"{FEW_OF}{language}")) if target and recipe.task_module.few else None
    for name, module in ((CARRIED, carried), (FEW, few)):
        if module:
            yield Condition(name, module)
    if target and recipe.words is not None:
        words = Named(f"words/{language}")
        gloss = stack(words, alone)
        yield Condition(GLOSS, gloss)
        if isinstance(task_named(recipe.task.name), ScoresUnits):
            yield Condition(VOTE, Vote((alone, gloss)))
            if trained:
                yield Condition(BOTH, Vote((own, gloss)))
            for voting, module in ((CARRIED_VOTE, carried), (FEW_VOTE, few)):
                if module:
                    yield Condition(voting, Vote((module, stack(words, module))))
    if recipe.task_module.distil is not None:
        yield Condition(DISTILLED, Named(task_name(recipe, seed, TAUGHT)))
    yield from (Condition(*own) for own in own_plans(recipe, language, seed, str(above)))


def teacher(recipe: Recipe, condition: str, seed: int) -> Plan:
    """Return the plan by which texts of all targets are read under a condition.

    Raises InputError when a target is not read under it.
    """
    plans: dict[str, Plan] = {}
    for language in recipe.targets:
        offered = {own.name: own.plan for own in conditions(recipe, language, seed)}
        if condition not in offered:
            known = [name for name in offered if name != DISTILLED]
            where = "task_module.distil.teacher"
            raise InputError(f"{language} has no reading {condition!r}", where=where, choices=known)
        plans[language] = offered[condition]
    return plans[recipe.targets[0]] if len(set(plans.values())) == 1 else Route(tuple(plans.items()))


def relatives(recipe: Recipe, candidates: list[str]) -> dict[str, str]:
    """Return the related language of each target: the one that the recipe names, else the nearest candidate.

    candidates: the languages that have text to train a module on. A target without a candidate gets none.
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


def task_name(recipe: Recipe, seed: int, way: str = "") -> str:
    """Return the name of a task module in the store. The first seed is not part of the name.

    way: how it was trained, by the parts of names above; empty for one on the source's language module.
    """
    later = "" if seed == recipe.seeds[0] else f"-seed{seed}"
    return f"task/{recipe.task.title}{way}{later}"
