"""The summary of a run: one paragraph and up to four figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xling.evaluation.bootstrap import HARMS, HELPS, UNCLEAR
from xling.evaluation.report_page.costs import Costs
from xling.evaluation.report_page.gains import Gains
from xling.evaluation.report_page.matrix import Matrix
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
    own = matrix.mean(TARGET)
    if own is not None:
        yield _means(matrix, own)
    if gains is not None:
        yield from _verdicts(gains)
    best = max(matrix.languages, key=lambda language: _best(matrix, language.tag))
    worst = min(matrix.languages, key=lambda language: _best(matrix, language.tag))
    if best is not worst:
        yield (
            f"The best score is that of {isolated(best.name)} ({score(_best(matrix, best.tag))}), "
            f"the lowest that of {isolated(worst.name)} ({score(_best(matrix, worst.tag))})."
        )
    if costs.rows:
        most = f", with at most {memory(costs.memory)} of memory" if costs.memory is not None else ""
        yield f"Everything together took {duration(costs.seconds)}{most}."


def figures(matrix: Matrix, gains: Gains | None, costs: Costs) -> Iterator[Figure]:
    """Yield the figures at the top of the page."""
    metric = metric_name(matrix.metric)
    own, control = matrix.mean(TARGET), matrix.mean(NONE)
    if own is not None:
        beside = f"{score(control)} without" if control is not None else ""
        yield Figure(score(own), f"mean {metric} of the targets, own modules", beside)
        if control is not None:
            yield Figure(gained(own - control), "points over no language module", "mean of the targets")
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


def _means(matrix: Matrix, own: float) -> str:
    parts = [
        f"With its own language module a target reaches {score(own)} {metric_name(matrix.metric)} on average"
    ]
    control, borrowed = matrix.mean(NONE), matrix.mean(SOURCE)
    if control is not None:
        parts.append(f"without any {score(control)}")
    if borrowed is not None:
        parts.append(f"with the source's {score(borrowed)}")
    return ", ".join(parts) + "."


def _verdicts(gains: Gains) -> Iterator[str]:
    helps, harms, unclear = (
        [isolated(name) for name in gains.names(verdict)] for verdict in (HELPS, HARMS, UNCLEAR)
    )
    if helps:
        yield f"The own module helps {listed(helps)}."
    if harms:
        yield f"It harms {listed(harms)}." if helps else f"The own module harms {listed(harms)}."
    if unclear:
        lead = "No clear difference" if helps or harms else "The own module makes no clear difference"
        yield f"{lead} for {listed(unclear)}."


def _best(matrix: Matrix, tag: str) -> float:
    found = next(language for language in matrix.languages if language.tag == tag)
    return max(score.value for score in found.scores.values())
