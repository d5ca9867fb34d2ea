"""The summary of a run: one paragraph and up to four figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xling.evaluation.bootstrap import HARMS, HELPS, UNCLEAR
from xling.evaluation.report_page.costs import Costs
from xling.evaluation.report_page.gains import Gains
from xling.evaluation.report_page.matrix import Language, Matrix
from xling.evaluation.report_page.wording import (
    duration,
    gained,
    isolated,
    listed,
    memory,
    metric_name,
    plural,
    score,
)
from xling.evaluation.results import NONE, SOURCE, TARGET, Results


@dataclass(frozen=True)
class Figure:
    """A number, its label, and a value to compare it with."""

    value: str
    label: str
    beside: str = ""


def title(results: Results, matrix: Matrix) -> str:
    """Return the title of the page: recipe, task and number of languages."""
    task = results.task or results.cells[0].task or "scores"
    return f"{results.recipe}: {task} in {plural(len(matrix.languages), 'language')}"


def sentences(results: Results, matrix: Matrix, gains: Gains | None, costs: Costs) -> Iterator[str]:
    """Yield the sentences of the summary."""
    yield _what(results, matrix)
    mean = _mean(matrix)
    if mean is not None:
        yield _means(matrix, mean)
    if gains is not None:
        yield from _verdicts(gains, "The recommended plan" if matrix.advised else "The own module")
    best, worst = max(matrix.languages, key=_best), min(matrix.languages, key=_best)
    if best is not worst:
        yield (
            f"The best score is that of {isolated(best.name)} ({score(_best(best))}), "
            f"the lowest that of {isolated(worst.name)} ({score(_best(worst))})."
        )
    if costs.rows:
        most = f", with at most {memory(costs.memory)} of memory" if costs.memory is not None else ""
        yield f"Everything together took {duration(costs.seconds)}{most}."


def figures(matrix: Matrix, gains: Gains | None, costs: Costs) -> Iterator[Figure]:
    """Yield the figures at the top of the page."""
    metric = metric_name(matrix.metric)
    mean, control = _mean(matrix), matrix.mean(NONE)
    if mean is not None:
        beside = f"{score(control)} without" if control is not None else ""
        under = "as recommended" if matrix.advised else "own modules"
        yield Figure(score(mean), f"mean {metric} of the targets, {under}", beside)
        if control is not None:
            yield Figure(gained(mean - control), "points over no language module", "mean of the targets")
    if gains is not None:
        bars = [bar for bar in gains.bars if not bar.language.source]
        helped = len(gains.names(HELPS))
        yield Figure(f"{helped} of {len(bars)}", "targets helped", f"{len(gains.names(HARMS))} harmed")
    if costs.rows:
        beside = f"{memory(costs.memory)} at most" if costs.memory is not None else ""
        yield Figure(duration(costs.seconds), "for all stages", beside)


def _what(results: Results, matrix: Matrix) -> str:
    task = results.task or "the task"
    source = next((language.name for language in matrix.languages if language.source), results.source)
    number = plural(len(matrix.targets or matrix.languages), "language")
    if not source or not matrix.targets:
        return f"{task.capitalize()} was scored in {number} on {results.base.id}."
    return (
        f"{task.capitalize()} was learned in {isolated(source)} and carried to {number} on {results.base.id}."
    )


def _mean(matrix: Matrix) -> float | None:
    """The mean that the page tells of: as recommended, or else with each target's own module."""
    return matrix.mean_told() if matrix.advised else matrix.mean(TARGET)


def _means(matrix: Matrix, mean: float) -> str:
    lead = "Under the plan recommended for it" if matrix.advised else "With its own language module"
    beside = {
        "without any language module" if matrix.advised else "without any": matrix.mean(NONE),
        "with its own": matrix.mean(TARGET) if matrix.advised else None,
        "with the source's": matrix.mean(SOURCE),
    }
    parts = [f"{name} {score(value)}" for name, value in beside.items() if value is not None]
    reached = f"{lead} a target reaches {score(mean)} {metric_name(matrix.metric)} on average"
    return ", ".join([reached, *parts]) + "."


def _verdicts(gains: Gains, what: str) -> Iterator[str]:
    helps, harms, unclear = (
        [isolated(name) for name in gains.names(verdict)] for verdict in (HELPS, HARMS, UNCLEAR)
    )
    if helps:
        yield f"{what} helps {listed(helps)}."
    if harms:
        yield f"{'It' if helps else what} harms {listed(harms)}."
    if unclear:
        lead = "No clear difference" if helps or harms else f"{what} makes no clear difference"
        yield f"{lead} for {listed(unclear)}."


def _best(language: Language) -> float:
    return max(score.value for score in language.scores.values())
