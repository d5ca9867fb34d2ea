"""The lines of the ledger: a method on a suite, its scores by language and seed, and its mean gain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lab.gains import Counts, Sides, mean_gain, row_errors
from lab.ground import Ground
from lab.runs import Scored
from lab.suites import Purpose
from xling.evaluation.bootstrap import Value

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a line of the ledger is of: a method, or the control, on the languages of one purpose.

    over: the method that all gains are over, or None for each method's own control.
    """

    method: str
    purpose: Purpose
    seeds: Sequence[int]
    over: str | None = None


def row(ground: Ground, asked: Asked, scored: Sequence[Scored], control: Sequence[Scored]) -> Row:
    """Return what was measured.

    scored, control: the scores of the method and of the control, which is the method itself where no gain is
    asked for. Languages in which the method has no score are left out of the control too. Those listed apart
    are part of no mean.
    """
    suite, value = ground.suite, ground.task.value
    own, others = _by_language(scored), _by_language(control)
    others = {tag: others[tag][:, : counts.shape[1]] for tag, counts in own.items()}
    counted = {tag: counts for tag, counts in own.items() if tag not in suite.apart}
    scores = {tag: _scores(counts, value) for tag, counts in own.items()}
    sides = Sides(method=counted, control=others, value=value, joint=suite.translations)
    alone = scored is control
    gained = {"value": None, "low": None, "high": None} if alone else mean_gain(sides).row()
    errors = {} if alone else dict(zip(counted, row_errors(sides).round(2).tolist(), strict=True))
    return {
        "question": f"lab-{suite.name}" + (f"-over-{asked.over}" if asked.over else ""),
        "method": asked.method,
        "languages": asked.purpose,
        "split": suite.split(next(iter(own))),
        "base": ground.base_name,
        "metric": ground.task.metric,
        "plan": scored[0].plan,
        "seeds": [*asked.seeds],
        "mean": round(float(np.mean([scores[tag] for tag in counted])), 2),
        "gain": gained["value"],
        "gain_low": gained["low"],
        "gain_high": gained["high"],
        "gains": {tag: _gain(counts, others[tag], value) for tag, counts in own.items()},
        "scores": scores,
        "errors": errors,
        "apart": [tag for tag in own if tag in suite.apart],
        "rows": sum(counts.shape[1] for counts in own.values()),
        "numbers": round(float(np.mean([part.numbers for part in scored]))),
        "seconds": round(sum(part.seconds for part in scored), 1),
    }


def _by_language(scored: Sequence[Scored]) -> Counts:
    """Return the counts of each language, [seeds, rows, sums]."""
    found: dict[str, list[np.ndarray]] = {}
    for part in scored:
        found.setdefault(part.language, []).append(part.counts)
    return {tag: np.stack(parts) for tag, parts in found.items()}


def _scores(counts: np.ndarray, value: Value) -> list[float]:
    return [round(float(score), 2) for score in value(counts.sum(1))]


def _gain(counts: np.ndarray, control: np.ndarray, value: Value) -> float:
    """Return the mean gain of a language over its seeds."""
    return round(float((value(counts.sum(1)) - value(control.sum(1))).mean()), 2)
