"""The scores of a run as rows for the terminal: a matrix, or verdicts of an ablation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from xling.evaluation.conditions import NONE, SOURCE, TARGET
from xling.evaluation.results import CellRow, Gain, read_results


def matrix_rows(results: Path, *, plain: bool) -> list[dict[str, Any]]:
    """One row a language: each condition's score (mean of the seeds), the gain of the target's module."""
    read = read_results(results)
    gains = {(row.language, row.condition): row for row in read.gains}
    scores, rows = read.scores(), []
    for language, name in dict((cell.language, cell.name) for cell in read.cells).items():
        shown = {key: _score(scores.get((language, key), ()), plain) for key in (NONE, SOURCE, TARGET)}
        gain = gains.get((language, TARGET)) or gains.get((language, SOURCE))
        rows.append({"language": language, "name": name, **shown, "gain": _gain(gain, plain)})
    return rows


def verdict_rows(results: Path, *, plain: bool) -> list[dict[str, Any]]:
    """A row for each language and condition: the score, the difference to the control and what it says.

    relative: the score as a share of the source's; absolute: in points less (see
    `xling.evaluation.bootstrap`).
    """
    read = read_results(results)
    gains = {(row.language, row.condition): row for row in read.gains}
    nearness = {(row.language, row.condition): row for row in read.equivalence}
    rows = []
    for key, cells in read.scores().items():
        gain, near = gains.get(key), nearness.get(key)
        rows.append(
            {
                "language": key[0],
                "plan": cells[0].plan,
                "condition": key[1],
                "score": round(fmean(cell.value for cell in cells), 2),
                "gain": _gain(gain, plain),
                "verdict": gain.verdict if gain else "",
                "relative": near.relative if near else None,
                "absolute": near.absolute if near else None,
            }
        )
    return rows


def _score(cells: Sequence[CellRow], plain: bool) -> Any:
    if not cells:
        return None
    value = fmean(cell.value for cell in cells)
    if not plain:
        return round(value, 2)
    low, high = (
        fmean(bound or 0.0 for bound in bounds)
        for bounds in zip(*((c.low, c.high) for c in cells), strict=True)
    )
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


def _gain(row: Gain | None, plain: bool) -> Any:
    if row is None:
        return None
    return f"{row.value:+.1f} [{row.low:+.1f}, {row.high:+.1f}]" if plain else row.model_dump(mode="json")
