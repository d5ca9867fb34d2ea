"""The costs of a run: time, speed and memory of each stage, and the curves of its loss."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from xling.evaluation.report_page.style import Scale, round_ticks
from xling.evaluation.report_page.wording import figure, plural
from xling.evaluation.results import DRAWN, LogRow, StageRow

_PREDICTIONS = "predict/"
WIDTH, HEIGHT = 320, 142
LEFT, RIGHT, TOP, BOTTOM = 34.0, 310.0, 10.0, 118.0
_POINTS = 150
_SMOOTH = 9

Point = tuple[float, float]


@dataclass(frozen=True)
class Costs:
    """The stages in the order of the run."""

    rows: tuple[StageRow, ...]

    @property
    def seconds(self) -> float:
        """The total time of all stages, in seconds."""
        return math.fsum(row.seconds for row in self.rows)

    @property
    def now(self) -> float:
        """The total time of the stages that this run did itself, in seconds."""
        return math.fsum(row.seconds for row in self.rows if not row.cached)

    @property
    def memory(self) -> float | None:
        """The highest peak memory of any stage, in megabytes."""
        return max((row.peak_rss_mb for row in self.rows if row.peak_rss_mb is not None), default=None)

    @property
    def kept(self) -> int:
        """How many stages were already finished."""
        return sum(row.cached for row in self.rows)

    def share(self, row: StageRow) -> float:
        """Return the time of a stage divided by that of the longest one, from 0 to 1."""
        return max(row.seconds, 0.0) / (max(own.seconds for own in self.rows) or 1.0)


def build(stages: Sequence[StageRow]) -> Costs:
    """Return the costs of a run, with all prediction stages summed in one row."""
    predictions = [stage for stage in stages if stage.name.startswith(_PREDICTIONS)]
    others = [stage for stage in stages if not stage.name.startswith(_PREDICTIONS)]
    return Costs((*others, *([_together(predictions)] if predictions else [])))


def _together(stages: Sequence[StageRow]) -> StageRow:
    speeds = [stage.tokens_per_second for stage in stages if stage.tokens_per_second]
    return StageRow(
        name=plural(len(stages), "prediction"),
        seconds=math.fsum(stage.seconds for stage in stages),
        tokens_per_second=fmean(speeds) if speeds else None,
        peak_rss_mb=max((stage.peak_rss_mb for stage in stages if stage.peak_rss_mb), default=None),
        cached=all(stage.cached for stage in stages),
    )


@dataclass(frozen=True)
class CurveTick:
    """A tick of an axis: its label and its position in drawing units."""

    text: str
    at: str


@dataclass(frozen=True, kw_only=True)
class StageCurve:
    """The chart of one stage, as paths in drawing units.

    raw, smooth: the loss. dev: the dev score, on a separate scale. dropped: how many losses are not finite.
    """

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


def curves(log: Iterable[LogRow]) -> tuple[StageCurve, ...]:
    """Return one chart per stage, in the order of the log."""
    stages: dict[str, dict[int, LogRow]] = {}
    for row in log:
        stages.setdefault(row.stage, {})[row.step] = row
    drawn = (_curve(stage, [rows[step] for step in sorted(rows)]) for stage, rows in stages.items())
    return tuple(curve for curve in drawn if curve is not None)


def _curve(stage: str, rows: Sequence[LogRow]) -> StageCurve | None:
    losses = [(float(row.step), row.loss) for row in rows if abs(row.loss) <= DRAWN]
    if not losses:
        return None
    points = thinned(losses, _POINTS)
    smooth = smoothed(points)
    across = Scale(0.0, float(max(rows[-1].step, 1)))
    ticks = round_ticks(min(y for _, y in points), max(y for _, y in points), at_most=4)
    up = Scale(ticks[0], ticks[-1])
    dev = [(float(row.step), row.dev) for row in rows if row.dev is not None and abs(row.dev) <= DRAWN]
    return StageCurve(
        stage=stage,
        raw=_path(points, across, up),
        smooth=_path(smooth, across, up),
        dev=_path(dev, across, _span(dev)) if len(dev) > 1 else "",
        vertical=tuple(CurveTick(f"{tick:g}", _at(tick, up, BOTTOM, TOP)) for tick in ticks),
        horizontal=tuple(
            CurveTick(f"{step:,.0f}", _at(step, across, LEFT, RIGHT)) for step in (across.low, across.high)
        ),
        first=figure(smooth[0][1]),
        last=figure(smooth[-1][1]),
        dev_first=figure(dev[0][1]) if dev else "",
        dev_last=figure(dev[-1][1]) if dev else "",
        dropped=len(rows) - len(losses),
    )


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """Return at most `most` points, each the mean of a group of neighbouring ones."""
    if len(points) <= most:
        return list(points)
    edges = [round(index * len(points) / most) for index in range(most + 1)]
    groups = [points[low:high] for low, high in zip(edges, edges[1:], strict=False)]
    return [(fmean(x for x, _ in group), fmean(y for _, y in group)) for group in groups]


def smoothed(points: Sequence[Point]) -> list[Point]:
    """Return the running mean over the points on both sides."""
    half = max(1, min(_SMOOTH, len(points) // 6))
    values = [y for _, y in points]
    means = [fmean(values[max(0, index - half) : index + half + 1]) for index in range(len(points))]
    return [(x, mean) for (x, _), mean in zip(points, means, strict=True)]


def _span(points: Sequence[Point]) -> Scale:
    """Return a scale with a margin of a tenth above and below the points."""
    low, high = min((y for _, y in points), default=0.0), max((y for _, y in points), default=1.0)
    room = (high - low) / 10 or 1.0
    return Scale(low - room, high + room)


def _path(points: Sequence[Point], across: Scale, up: Scale) -> str:
    return "M" + "L".join(f"{_at(x, across, LEFT, RIGHT)} {_at(y, up, BOTTOM, TOP)}" for x, y in points)


def _at(value: float, scale: Scale, start: float, end: float) -> str:
    return f"{start + scale.share(value) * (end - start):.1f}"
