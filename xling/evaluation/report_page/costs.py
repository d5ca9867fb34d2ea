"""What each stage cost: time, speed and memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from xling.evaluation.report_page.numbers import plural
from xling.evaluation.results import StageRow

_PREDICTIONS = "predict/"


@dataclass(frozen=True, kw_only=True)
class Cost:
    """One row. share: its seconds beside the longest row's, from 0 to 1."""

    name: str
    key: str
    seconds: float
    speed: float | None
    memory: float | None
    cached: bool
    share: float


@dataclass(frozen=True, kw_only=True)
class Costs:
    """All rows in the order of the run, and their sum. now: the seconds of what was not kept."""

    rows: tuple[Cost, ...]
    seconds: float
    now: float
    memory: float | None

    @property
    def kept(self) -> int:
        """How many rows were found done."""
        return sum(row.cached for row in self.rows)


def build(stages: Sequence[StageRow]) -> Costs:
    """The costs of a run; its predictions, one stage per cell, are put into one row."""
    predictions = [stage for stage in stages if stage.name.startswith(_PREDICTIONS)]
    stages = [stage for stage in stages if not stage.name.startswith(_PREDICTIONS)]
    if predictions:
        stages.append(_together(predictions))
    longest = max((stage.seconds for stage in stages), default=0.0) or 1.0
    rows = tuple(_cost(stage, longest) for stage in stages)
    return Costs(
        rows=rows,
        seconds=math.fsum(stage.seconds for stage in stages),
        now=math.fsum(stage.seconds for stage in stages if not stage.cached),
        memory=max((row.memory for row in rows if row.memory is not None), default=None),
    )


def _cost(stage: StageRow, longest: float) -> Cost:
    share = max(stage.seconds, 0.0) / longest
    speed, memory = stage.tokens_per_second, stage.peak_rss_mb
    return Cost(
        name=stage.name,
        key=stage.key[:12],
        seconds=stage.seconds,
        speed=speed,
        memory=memory,
        cached=stage.cached,
        share=share,
    )


def _together(stages: Sequence[StageRow]) -> StageRow:
    speeds = [stage.tokens_per_second for stage in stages if stage.tokens_per_second]
    return StageRow(
        name=plural(len(stages), "prediction"),
        seconds=math.fsum(stage.seconds for stage in stages),
        tokens_per_second=fmean(speeds) if speeds else None,
        peak_rss_mb=max((stage.peak_rss_mb for stage in stages if stage.peak_rss_mb), default=None),
        cached=all(stage.cached for stage in stages),
    )
