"""The plans that a recipe writes itself, and those of its fusions and hypernetworks.

In such a plan stand `lang/TAG`, `words/TAG`, `lang/*` for all targets and the source, and `task` for the
recipe's task module of the seed; `{language}` stands for the tag of the language that is tested.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from xling.composition.contents import named, with_new
from xling.composition.forms.auto import spelled_out
from xling.composition.forms.form import Plan
from xling.composition.forms.single import NEW, Named
from xling.composition.forms.stack import replaced
from xling.composition.grammar import parse
from xling.data.template import filled
from xling.errors import InputError

if TYPE_CHECKING:
    from xling.pipeline.recipe import Recipe

TASK, FUSION, HYPERNETWORK, LANGUAGE = "task", "fusion", "hyper", "language"
_PLACE = f"{{{LANGUAGE}}}"
_GROUPS = ("lang/TAG", "words/TAG", TASK)


def own_plans(recipe: Recipe, language: str, seed: int, task: str) -> Iterator[tuple[str, Plan]]:
    """Yield the plans of a recipe for a language, each with the name of its condition.

    The source has none that name the tested language. task: the name of the seed's task module.

    Raises InputError, which names the plan, when a module in it is none that the recipe makes.
    """
    for name, text in recipe.plans.items():
        if language != recipe.source or _PLACE not in text:
            where = f"plans.{name}"
            yield name, _resolved(_read(recipe, filled(text, language=language), where), task)
    for name in recipe.fusions:
        learned = Named(own_name(recipe, FUSION, name, seed))
        yield name, replaced(combined(recipe, name, task), {NEW: learned})
    for name in recipe.hypernetworks:
        yield name, Named(own_name(recipe, HYPERNETWORK, name, seed))


def combined(recipe: Recipe, name: str, task: str) -> Plan:
    """Return the plan in which a recipe's fusion is trained; `new` is the module that learns."""
    where = f"fusions.{name}.plan"
    return _resolved(with_new(_read(recipe, recipe.fusions[name].plan, where)), task)


def own_name(recipe: Recipe, group: str, name: str, seed: int) -> str:
    """Return the name in the store of a fusion or hypernetwork. The first seed is not part of the name."""
    return f"{group}/{name}" if seed == recipe.seeds[0] else f"{group}/{name}-seed{seed}"


def _read(recipe: Recipe, text: str, where: str) -> Plan:
    tags = dict.fromkeys((*recipe.targets, recipe.source))
    try:
        plan = spelled_out(parse(text), lambda: [f"lang/{tag}" for tag in tags])
    except InputError as error:
        raise InputError(str(error), where=where) from error
    for own in named(plan):
        group, _, tag = str(own).partition("/")
        if own != NEW and str(own) != TASK and (group not in _groups(recipe, tag) or not tag):
            hint = "lang/ needs language_modules.objectives, and words/ the section words"
            raise InputError(f"the recipe makes no {own}", where=where, choices=_GROUPS, hint=hint)
    return plan


def _groups(recipe: Recipe, tag: str) -> Iterator[str]:
    if recipe.language_modules.objectives or tag == recipe.source:
        yield "lang"
    if recipe.words is not None:
        yield "words"


def _resolved(plan: Plan, task: str) -> Plan:
    return replaced(plan, {Named(TASK): Named(task)})
