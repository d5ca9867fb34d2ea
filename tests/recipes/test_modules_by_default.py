"""No recipe trains a language module of states by default, unless the ledger shows that it helps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from xling.pipeline.loading import load_recipe

ROOT = Path(__file__).parents[2]
RECIPES = [
    path.relative_to(ROOT / "recipes").with_suffix("").as_posix()
    for path in sorted((ROOT / "recipes").rglob("*.yaml"))
    if "_base" not in path.parts
]
LEDGER = (ROOT / "docs" / "results.jsonl").read_text(encoding="utf-8")
ROWS = [json.loads(line) for line in LEDGER.splitlines()]

# recipes that train one all the same
REASONS = {
    "quickstart": "the demo of modules and their controls: its page tells harm from help, and what to use",
    "kinds/*": "measure the kinds of modules side by side",
    "nqo/initialisers/*": "measure, on dev, what the pieces of a vocabulary start from",
    "zul/ner-bantu": "shows how a family shares a module (docs/vocabulary.md): nothing else is its subject",
}


def fault(recipe: str, rows: list[dict]) -> str:
    """What speaks against training a target's module in a recipe, of all runs of it that the rows are of."""
    found = [row for row in rows if row.get("condition") == "target" and row["language"] != row["source"]]
    gains = [row for row in found if row.get("gain") is not None and recipe in recipes_of(row)]
    if not gains:
        return "no run is recorded"
    harmed = [f"{row['language']} {row['gain']}" for row in gains if row["gain_high"] < 0]
    if harmed:
        return f"harms: {', '.join(harmed)}"
    return "" if any(row["gain_low"] > 0 for row in gains) else "helps no target clearly"


def recipes_of(row: dict) -> Iterator[str]:
    """The recipe that a score is of: the one in its command, or of several the one whose name it has."""
    named = re.findall(r"\brecipes/(\S+?)\.yaml", row["command"])
    return (name for name in named if len(named) == 1 or load_recipe(name).name == row["recipe"])


def trains(recipe: str) -> bool:
    return bool(load_recipe(recipe).language_modules.objectives)


def row(**values: object) -> dict:
    usual = {
        "recipe": "nqo-topic", "command": "xling run recipes/nqo/topic.yaml --out runs", "source": "eng",
        "language": "nqo", "condition": "target", "gain": 9.0, "gain_low": 1.0, "gain_high": 20.0,
    }  # fmt: skip
    return usual | values


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "no run is recorded"),
        ([row()], ""),
        ([row(), row(gain=1.0, gain_low=-1.0, gain_high=3.0)], ""),
        ([row(gain_low=-1.0)], "helps no target clearly"),
        ([row(), row(gain=-2.0, gain_low=-3.0, gain_high=-1.0)], "harms: nqo -2.0"),
        ([row(condition="source"), row(language="eng"), row(gain=None)], "no run is recorded"),
        ([row(command="xling run recipes/dzo/topic.yaml")], "no run is recorded"),
        ([row(command="xling run recipes/dzo/topic.yaml recipes/nqo/topic.yaml")], ""),
        ([row(command="xling run recipes/dzo/topic.yaml recipes/nqo/topic.yaml", recipe="dzo-topic")],
         "no run is recorded"),
        ([row(recipe="mine", command="xling run recipes/nqo/topic.yaml --set name=mine")], ""),
    ],
)  # fmt: skip
def test_a_fault_is_told_from_the_rows_of_a_recipe(rows, said):
    assert fault("nqo/topic", rows) == said


def test_what_recipes_train_by_default_was_measured_to_help():
    asked = [recipe for recipe in RECIPES if not any(fnmatchcase(recipe, pattern) for pattern in REASONS)]
    faults = {recipe: fault(recipe, ROWS) for recipe in asked if trains(recipe)}
    assert "nqo/topic" in faults
    assert set(faults.values()) == {""}, f"empty objectives, or a reason in this file: {faults}"


@pytest.mark.parametrize("pattern", REASONS)
def test_every_reason_is_needed(pattern):
    own = [recipe for recipe in RECIPES if fnmatchcase(recipe, pattern) and trains(recipe)]
    assert any(fault(recipe, ROWS) for recipe in own)
