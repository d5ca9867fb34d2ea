"""Every metric of the task beside the one that the scores are told in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean

from xling.evaluation.report_page.matrix import Language, Matrix
from xling.evaluation.results import Results


@dataclass(frozen=True)
class MetricRow:
    """A language under its own condition: the mean over the seeds of each metric; None where it has none."""

    language: Language
    condition: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Metrics:
    """metrics: their names, the primary one first."""

    metrics: tuple[str, ...]
    rows: tuple[MetricRow, ...]


def build(results: Results, matrix: Matrix) -> Metrics | None:
    """A row for each language; None where the cells tell no second metric."""
    names = tuple(dict.fromkeys(name for cell in results.cells for name in cell.all))
    if len(names) < 2:
        return None
    rows = tuple(
        MetricRow(language, language.own, _values(results, language, names))
        for language in matrix.languages
        if language.own is not None
    )
    return Metrics(names, rows) if rows else None


def _values(results: Results, language: Language, names: tuple[str, ...]) -> tuple[float | None, ...]:
    cells = [
        cell for cell in results.cells if (cell.language, cell.condition) == (language.tag, language.own)
    ]
    found = (
        [cell.all[name] for cell in cells if math.isfinite(cell.all.get(name, math.nan))] for name in names
    )
    return tuple(fmean(values) if values else None for values in found)
