"""Under what a language is tested: whose language module lies below, which task module above."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xling.evaluation.conditions import NONE, RELATED, REMOVED, ROMANISED, SOURCE, TARGET
from xling.pipeline.recipe import Recipe
from xling.typology import related


@dataclass(frozen=True)
class Condition:
    """below: whose language module lies below, or None. stacked: the task module learned on the source's."""

    name: str
    below: str | None = None
    stacked: bool = False


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
