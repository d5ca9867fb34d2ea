"""The same task with the target's, the source's, a related and no language module, and with one removed."""

from __future__ import annotations

from pathlib import Path

from xling.evaluation.conditions import RELATED, REMOVED
from xling.pipeline.recipe import Recipe
from xling.pipeline.recipe_run import Workplace
from xling.pipeline.run import run_recipe

ABLATED = "-ablation"


def ablate(recipe: Recipe, place: Workplace) -> Path:
    """Run a recipe with every control that it has data for; its stages are the recipe's own.

    Each difference to the control without a language module is on the same examples of all seeds, by
    paired bootstrap. Returns the path of `results.json`.
    """
    controls = tuple(dict.fromkeys((*recipe.controls, RELATED, REMOVED)))
    return run_recipe(recipe.model_copy(update={"name": recipe.name + ABLATED, "controls": controls}), place)
