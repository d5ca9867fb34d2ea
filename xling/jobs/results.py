"""From predictions to `results.json` and the report page, and back to rows for the terminal."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from xling.evaluation.bootstrap import equivalence, interval, paired_gain, verdict
from xling.evaluation.report import write_report
from xling.files import write_json, write_lines
from xling.jobs.conditions import NONE, ROMANISED, SOURCE, TARGET
from xling.jobs.recipe_run import RecipeRun
from xling.jobs.task_stages import Cell
from xling.languages import name, script
from xling.modules.module import Module

_PACKAGES = ("xling", "torch", "transformers", "tokenizers", "safetensors", "babel")
CONDITIONS = (NONE, SOURCE, TARGET)


def write_results(run: RecipeRun, cells: Sequence[Cell]) -> Path:
    """Write `results.json`, `log.jsonl` and `report.html`; returns the first."""
    recipe = run.recipe
    results: dict[str, Any] = {
        "recipe": recipe.name,
        "about": recipe.about,
        "command": run.place.command,
        "base": {"id": run.base.id, "revision": run.base.revision, "fingerprint": run.base.fingerprint},
        "source": recipe.source,
        "precision": run.place.precision,
        "seed": recipe.seeds[0],
        "seeds": list(recipe.seeds),
        "task": recipe.task.name,
        "cells": [_cell_row(run, cell) for cell in cells],
        "gains": [*_gains(run, _together(cells))],
        "equivalence": [*_equivalence(run, _together(cells))],
        "modules": _module_rows(run),
        "stages": [stage.row() for stage in run.used],
        "cards": [
            {
                "name": card.name,
                "title": card.title,
                "licence": card.licence.id,
                "citation": card.citation,
                "known_faults": list(card.known_faults),
            }
            for card in run.cards()
        ],
        "versions": versions(),
    }
    path = run.folder / "results.json"
    write_json(path, results)
    write_lines(run.folder / "log.jsonl", _log_lines(run))
    write_report(run.folder)
    return path


def versions() -> dict[str, str]:
    """Of Python and of the packages that numbers depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _cell_row(run: RecipeRun, cell: Cell) -> dict[str, Any]:
    value = interval(cell.scored.counts, run.task.value)
    return {
        "language": cell.language,
        "name": name(cell.language),
        "script": script(cell.language),
        "condition": cell.condition,
        "plan": cell.plan,
        "task": run.recipe.task.name,
        "metric": run.task.metric,
        **value.row(),
        "all": {key: round(own, 2) for key, own in cell.scored.all.items()},
        "examples": len(cell.scored.counts),
        "split": cell.split,
        "seed": cell.seed,
        "data_sha256": cell.data.removeprefix("sha256:"),
    }


def _together(cells: Sequence[Cell]) -> dict[tuple[str, str], np.ndarray]:
    """The counts of all seeds, by language and condition."""
    together: dict[tuple[str, str], np.ndarray] = {}
    for cell in cells:
        key, counts = (cell.language, cell.condition), cell.scored.counts
        together[key] = together[key] + counts if key in together else counts
    return together


def _gains(run: RecipeRun, together: Mapping[tuple[str, str], np.ndarray]) -> Iterator[dict[str, Any]]:
    """Each condition against no language module, on the same examples."""
    for (language, condition), counts in together.items():
        if condition == NONE:
            continue
        gain = paired_gain(counts, together[language, NONE], run.task.value)
        words = verdict(gain.low, gain.high)
        yield {"language": language, "condition": condition, **gain.row(), "verdict": words}


def _equivalence(run: RecipeRun, together: Mapping[tuple[str, str], np.ndarray]) -> Iterator[dict[str, Any]]:
    """Each target beside the source: under no module, or under the module that the task learned on."""
    source = run.recipe.source
    for (language, condition), counts in together.items():
        if language == source:
            continue
        own = SOURCE if (source, SOURCE) in together and condition not in (NONE, ROMANISED) else NONE
        value, best = (float(run.task.value(sums.sum(0))) for sums in (counts, together[source, own]))
        yield {"language": language, "condition": condition, **equivalence(value, best)}


def _module_rows(run: RecipeRun) -> list[dict[str, Any]]:
    rows = []
    for stage in run.used:
        if stage.name.startswith("predict/"):
            continue
        module = Module.load(stage.folder / "module")
        kinds = " + ".join(part.config.kind for part in module.parts)
        facts = {"language": module.facts.language or module.facts.source, "steps": module.facts.steps}
        rows.append({"name": stage.name, "kind": kinds, "tokens": stage.tokens, **facts, **module.scores})
    return rows


def _log_lines(run: RecipeRun) -> list[str]:
    logs = [stage.folder / "log.jsonl" for stage in run.used]
    return [line for log in logs if log.exists() for line in log.read_text("utf-8").splitlines()]


def matrix_rows(results: Path, *, plain: bool) -> list[dict[str, Any]]:
    """One row a language: each condition's score (mean of the seeds), the gain of the target's module."""
    read = json.loads(results.read_text(encoding="utf-8"))
    gains = {(row["language"], row["condition"]): row for row in read["gains"]}
    rows = []
    for language in dict.fromkeys(cell["language"] for cell in read["cells"]):
        own = [cell for cell in read["cells"] if cell["language"] == language]
        row: dict[str, Any] = {"language": language, "name": own[0]["name"]}
        for condition in CONDITIONS:
            cells = [cell for cell in own if cell["condition"] == condition]
            row[condition] = _shown(cells, plain)
        gain = gains.get((language, "target")) or gains.get((language, "source"))
        row["gain"] = _gain(gain) if plain and gain else gain
        rows.append(row)
    return rows


def _shown(cells: list[dict[str, Any]], plain: bool) -> Any:
    if not cells:
        return "" if plain else None
    value, low, high = (sum(cell[key] for cell in cells) / len(cells) for key in ("value", "low", "high"))
    return f"{value:.1f} [{low:.1f}, {high:.1f}]" if plain else round(value, 2)


def _gain(row: dict[str, Any]) -> str:
    return f"{row['value']:+.1f} [{row['low']:+.1f}, {row['high']:+.1f}]"
