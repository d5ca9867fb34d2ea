"""The matrix of a run as rows for the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from xling.jobs.conditions import NONE, SOURCE, TARGET

CONDITIONS = (NONE, SOURCE, TARGET)


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
