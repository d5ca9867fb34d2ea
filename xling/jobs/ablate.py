"""The same task with the target's, the source's, a related and no language module, and with one removed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from xling.config.recipe import Recipe
from xling.jobs.conditions import RELATED, REMOVED
from xling.jobs.recipe_run import Workplace
from xling.jobs.run import run_recipe

ABLATED = "-ablation"


def ablate(recipe: Recipe, place: Workplace) -> Path:
    """Run a recipe with every control that it has data for; its stages are the recipe's own.

    Each difference to the control without a language module is on the same examples of all seeds, by
    paired bootstrap. Returns the path of `results.json`.
    """
    controls = tuple(dict.fromkeys((*recipe.controls, RELATED, REMOVED)))
    return run_recipe(recipe.model_copy(update={"name": recipe.name + ABLATED, "controls": controls}), place)


def verdict_rows(results: Path, *, plain: bool) -> list[dict[str, Any]]:
    """A row for each language and condition: the score, the difference to the control and what it says.

    relative: the score as a share of the source's; absolute: in points less (see
    `xling.evaluation.bootstrap`).
    """
    read = json.loads(results.read_text(encoding="utf-8"))
    gains = {(row["language"], row["condition"]): row for row in read["gains"]}
    nearness = {(row["language"], row["condition"]): row for row in read["equivalence"]}
    scores: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for cell in read["cells"]:
        scores.setdefault((cell["language"], cell["condition"]), []).append(cell)
    rows = []
    for key, cells in scores.items():
        gain, near = gains.get(key, {}), nearness.get(key, {})
        rows.append(
            {
                "language": key[0],
                "plan": cells[0]["plan"],
                "condition": key[1],
                "score": round(sum(cell["value"] for cell in cells) / len(cells), 2),
                "gain": _gain(gain) if plain else gain or None,
                "verdict": gain.get("verdict", ""),
                "relative": near.get("relative"),
                "absolute": near.get("absolute"),
            }
        )
    return rows


def _gain(gain: dict[str, Any]) -> str:
    return f"{gain['value']:+.1f} [{gain['low']:+.1f}, {gain['high']:+.1f}]" if gain else ""
