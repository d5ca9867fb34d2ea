"""Training as small line charts: the loss by step of each stage, and the dev score where one was taken."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from xling.evaluation.report_page.numbers import figure
from xling.evaluation.report_page.style import round_ticks
from xling.evaluation.results import LogRow

Point = tuple[float, float]

WIDTH, HEIGHT = 320, 142
LEFT, RIGHT, TOP, BOTTOM = 34.0, 310.0, 10.0, 118.0
_POINTS = 150
_SMOOTH = 9


@dataclass(frozen=True)
class CurveTick:
    """A label and its place along one axis of the drawing."""

    text: str
    at: str


@dataclass(frozen=True, kw_only=True)
class StageCurve:
    """One stage's chart in drawing units. raw, smooth: the loss; dev: the dev score on a scale of its own."""

    stage: str
    raw: str
    smooth: str
    dev: str
    vertical: tuple[CurveTick, ...]
    horizontal: tuple[CurveTick, ...]
    first: str
    last: str
    dev_first: str
    dev_last: str
    dropped: int


def build(log: Iterable[LogRow]) -> tuple[StageCurve, ...]:
    """A chart per stage, in the order in which the log first names them."""
    stages: dict[str, dict[int, LogRow]] = {}
    for row in log:
        stages.setdefault(row.stage, {})[row.step] = row
    drawn = (_curve(stage, [rows[step] for step in sorted(rows)]) for stage, rows in stages.items())
    return tuple(curve for curve in drawn if curve is not None)


def _curve(stage: str, rows: Sequence[LogRow]) -> StageCurve | None:
    losses = [(float(row.step), row.loss) for row in rows if math.isfinite(row.loss)]
    if not losses:
        return None
    points = thinned(losses, _POINTS)
    smooth = smoothed(points)
    last_step = float(max(rows[-1].step, 1))
    ticks = round_ticks(min(y for _, y in points), max(y for _, y in points), at_most=4)
    dev = [(float(row.step), row.dev) for row in rows if row.dev is not None and math.isfinite(row.dev)]
    return StageCurve(
        stage=stage,
        raw=_path(points, last_step, ticks),
        smooth=_path(smooth, last_step, ticks),
        dev=_path(dev, last_step, _span(dev)) if len(dev) > 1 else "",
        vertical=tuple(CurveTick(f"{tick:g}", _at(tick, ticks, BOTTOM, TOP)) for tick in ticks),
        horizontal=tuple(
            CurveTick(f"{step:,.0f}", _at(step, (0.0, last_step), LEFT, RIGHT)) for step in (0.0, last_step)
        ),
        first=figure(smooth[0][1]),
        last=figure(smooth[-1][1]),
        dev_first=figure(dev[0][1]) if dev else "",
        dev_last=figure(dev[-1][1]) if dev else "",
        dropped=len(rows) - len(losses),
    )


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """At most so many points, each the mean of its neighbours."""
    if len(points) <= most:
        return list(points)
    edges = [round(index * len(points) / most) for index in range(most + 1)]
    groups = [points[low:high] for low, high in zip(edges, edges[1:], strict=False)]
    return [(fmean(x for x, _ in group), fmean(y for _, y in group)) for group in groups]


def smoothed(points: Sequence[Point]) -> list[Point]:
    """A running mean over the points to both sides, as far as there are any."""
    half = max(1, min(_SMOOTH, len(points) // 6))
    values = [y for _, y in points]
    means = [fmean(values[max(0, index - half) : index + half + 1]) for index in range(len(points))]
    return [(x, mean) for (x, _), mean in zip(points, means, strict=True)]


def _span(points: Sequence[Point]) -> tuple[float, ...]:
    """The ends of a scale that leaves a tenth of room above and below."""
    low, high = min((y for _, y in points), default=0.0), max((y for _, y in points), default=1.0)
    room = (high - low) / 10 or 1.0
    return (low - room, high + room)


def _path(points: Sequence[Point], last_step: float, scale: Sequence[float]) -> str:
    places = (f"{_at(x, (0.0, last_step), LEFT, RIGHT)} {_at(y, scale, BOTTOM, TOP)}" for x, y in points)
    return "M" + "L".join(places)


def _at(value: float, scale: Sequence[float], start: float, end: float) -> str:
    share = (value - scale[0]) / (scale[-1] - scale[0])
    return f"{start + share * (end - start):.1f}"
