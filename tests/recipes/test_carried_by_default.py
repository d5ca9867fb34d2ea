"""A recipe carries labels by default only where the ledger shows that they help its language."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xling.pipeline.loading import load_recipe

ROOT = Path(__file__).parents[2]
LEDGER = (ROOT / "docs" / "results.jsonl").read_text(encoding="utf-8").splitlines()
ROWS = [row for row in map(json.loads, LEDGER) if row.get("method") in ("carried", "carried-vote")]
RECIPES = sorted((ROOT / "recipes").glob("[a-z]*/*.yaml"))


def gain(recipe, language):
    """The gain of what the recipe recommends, as the last run in the lab has it, or None."""
    task, paired = recipe.task.title, recipe.words is not None
    for row in reversed(ROWS):
        mine = row["question"].startswith(f"lab-{task}-") and language in row["gains"]
        if mine and row["method"] == ("carried-vote" if paired else "carried"):
            return row["gains"][language]
    return None


def carrying():
    for path in RECIPES:
        recipe = load_recipe(path)
        if recipe.task_module.projected:
            yield from (
                pytest.param(recipe, tag, id=f"{path.parent.name}-{path.stem}-{tag}")
                for tag in recipe.targets
            )


@pytest.mark.parametrize(("recipe", "language"), carrying())
def test_carried_labels_were_measured_to_help(recipe, language):
    assert gain(recipe, language) is not None and gain(recipe, language) > 0
    assert recipe.plan == "recommended"


def test_where_they_harm_the_recipe_does_without():
    for name in ("mos/ner", "fon/ner", "pcm/pos", "ibo/pos", "hau/pos"):
        assert not load_recipe(name).task_module.projected
        task = load_recipe(name).task.title
        harmed = [
            row["gains"].get(name[:3], 0.0) for row in ROWS if row["question"].startswith(f"lab-{task}")
        ]
        assert min(harmed) < -1.5
