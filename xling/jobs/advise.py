"""Which plan to use for each language of a recipe, before anything is trained: the job of `xling advise`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xling.bases.base import load_base
from xling.pipeline.advising import advice
from xling.pipeline.corpus import Corpus
from xling.pipeline.planning import plan_recipe
from xling.pipeline.recipe import Recipe


def advise(recipe: Recipe, data_root: Path | None = None) -> list[dict[str, Any]]:
    """Return a row for each target: the recommended condition, its plan, the reason, and what it rests on.

    Nothing is trained; the base's tokenizer reads the test texts, without their labels.
    """
    planned = plan_recipe(Corpus(recipe, data_root))
    rows = advice(planned, load_base(recipe.base))
    return [row.model_dump(mode="json") for row in rows]
