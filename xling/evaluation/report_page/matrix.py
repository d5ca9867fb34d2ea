"""The tables of scores: one row per language, one column per condition or metric, averaged over seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from xling.evaluation.report_page.style import Paint, Scale, paint
from xling.evaluation.report_page.wording import bounds, score
from xling.evaluation.results import HEADINGS, NONE, SOURCE, TARGET, VOTE, CellRow, Results

_ORDER = tuple(HEADINGS)


@dataclass(frozen=True, kw_only=True)
class Score:
    """The score of one language under one condition: the mean over seeds, and the span of their intervals."""

    value: float
    low: float | None
    high: float | None
    seeds: tuple[float, ...]
    plan: str
    examples: int | None
    paint: Paint

    @property
    def shown(self) -> str:
        """The value as the page writes it."""
        return score(self.value)

    @property
    def between(self) -> str:
        """The interval as the page writes it."""
        return bounds(self.low, self.high)

    @property
    def note(self) -> str:
        """The tooltip of the cell."""
        parts = [self.plan, f"{self.examples:,} examples" if self.examples is not None else ""]
        if len(self.seeds) > 1:
            parts.append(f"by seed: {', '.join(map(score, self.seeds))}")
        return "; ".join(part for part in parts if part)


@dataclass(frozen=True, kw_only=True)
class Language:
    """A row of the table: a language, and its scores by condition.

    recommended: the condition that is recommended for it; empty where the run recommends none.
    """

    tag: str
    name: str
    script: str
    source: bool
    scores: dict[str, Score]
    recommended: str = ""

    @property
    def told(self) -> str | None:
        """The condition that the page tells of; None if none of these was tested.

        It is the recommended one, else that of its own module, else of its gloss, else of no module.
        """
        own = SOURCE if self.source else TARGET
        return next((name for name in (self.recommended, own, VOTE, NONE) if name in self.scores), None)


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """The table of scores. scale: the lowest and the highest value of the colours, in percent."""

    metric: str
    conditions: tuple[str, ...]
    languages: tuple[Language, ...]
    scale: Scale

    @property
    def targets(self) -> tuple[Language, ...]:
        """All languages except the source."""
        return tuple(language for language in self.languages if not language.source)

    @property
    def advised(self) -> bool:
        """Whether a plan is recommended for any of them."""
        return any(language.recommended for language in self.languages)

    def mean(self, condition: str) -> float | None:
        """Return the mean over the targets; None if any of them lacks the condition."""
        return _mean([language.scores.get(condition) for language in self.targets])

    def mean_told(self) -> float | None:
        """Return that mean with each target under the condition that the page tells of."""
        return _mean([language.scores.get(language.told or "") for language in self.targets])

    def mean_paint(self, condition: str) -> Paint | None:
        """Return the colours of that mean."""
        value = self.mean(condition)
        return None if value is None else paint(self.scale.share(value))


def build(results: Results) -> Matrix:
    """Return the table of a run: the source first, then the targets in the order of the results."""
    cells = results.cells
    groups = _grouped(cells)
    means = [fmean(cell.value for cell in group) for group in groups.values()]
    low, high = 10.0 * math.floor(min(means) / 10), 10.0 * math.ceil(max(means) / 10)
    scale = Scale(low, high if high > low else low + 10.0)
    tags = list(dict.fromkeys(cell.language for cell in cells))
    tags.sort(key=lambda tag: tag != results.source)
    found = {_column(cell) for cell in cells}
    order = [name for name in _ORDER if name in found] + sorted(found.difference(_ORDER))
    rows = tuple(_row(tag, results, groups, scale) for tag in tags)
    return Matrix(metric=cells[0].metric, conditions=tuple(order), languages=rows, scale=scale)


def _row(
    tag: str, results: Results, groups: Mapping[tuple[str, str], Sequence[CellRow]], scale: Scale
) -> Language:
    first = next(cell for cell in results.cells if cell.language == tag)
    return Language(
        tag=tag,
        name=first.name or tag,
        script=first.script,
        source=tag == results.source,
        scores={column: _score(group, scale) for (name, column), group in groups.items() if name == tag},
        recommended=next((row.condition for row in results.recommended if row.language == tag), ""),
    )


def _score(cells: Sequence[CellRow], scale: Scale) -> Score:
    value = fmean(cell.value for cell in cells)
    lows = [cell.low for cell in cells if cell.low is not None]
    highs = [cell.high for cell in cells if cell.high is not None]
    return Score(
        value=value,
        low=min(lows, default=None),
        high=max(highs, default=None),
        seeds=tuple(cell.value for cell in cells),
        plan=cells[0].plan,
        examples=cells[0].examples,
        paint=paint(scale.share(value)),
    )


def _mean(scores: Sequence[Score | None]) -> float | None:
    values = [found.value for found in scores if found]
    return fmean(values) if values and len(values) == len(scores) else None


def _grouped(cells: Sequence[CellRow]) -> dict[tuple[str, str], list[CellRow]]:
    groups: dict[tuple[str, str], list[CellRow]] = {}
    for cell in cells:
        groups.setdefault((cell.language, _column(cell)), []).append(cell)
    return groups


def _column(cell: CellRow) -> str:
    return cell.condition or cell.plan or "score"


@dataclass(frozen=True)
class MetricRow:
    """A language under what the page tells of: the mean of each metric over seeds, None without a value."""

    language: Language
    condition: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Metrics:
    """The table of all metrics. metrics: their names, the primary one first."""

    metrics: tuple[str, ...]
    rows: tuple[MetricRow, ...]


def every_metric(results: Results, matrix: Matrix) -> Metrics | None:
    """Return a row for each language; None if there are fewer than two metrics."""
    names = tuple(dict.fromkeys(name for cell in results.cells for name in cell.all))
    if len(names) < 2:
        return None
    rows = tuple(
        MetricRow(language, language.told, _means(results, language, names))
        for language in matrix.languages
        if language.told is not None
    )
    return Metrics(names, rows) if rows else None


def _means(results: Results, language: Language, names: tuple[str, ...]) -> tuple[float | None, ...]:
    cells = [
        cell for cell in results.cells if (cell.language, cell.condition) == (language.tag, language.told)
    ]
    found = (
        [cell.all[name] for cell in cells if math.isfinite(cell.all.get(name, math.nan))] for name in names
    )
    return tuple(fmean(values) if values else None for values in found)
