"""The report: one self-contained HTML page of what a run found, at what cost and from what data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from xling.evaluation.report_page import colours, costs, curves, gains, matrix, summary, words
from xling.evaluation.report_page.reading import Module, Run, read_run
from xling.files import write_atomically

REPORT = "report.html"
_HEADINGS = {
    "none": "no language module",
    "romanised": "Latin spelling",
    "source": "source's module",
    "related": "related module",
    "removed": "module removed",
    "target": "own module",
}


def write_report(run_dir: Path) -> Path:
    """Write `report.html` from a run's `results.json` and `log.jsonl`; returns its path.

    The page needs no network and no script; equal input gives equal bytes.
    Raises InputError when the results are missing or damaged. A missing log leaves out the curves.
    """
    path = run_dir / REPORT
    write_atomically(path, render(read_run(run_dir)).encode("utf-8"))
    return path


def render(run: Run) -> str:
    """The page as text."""
    results = run.results
    table = matrix.build(results)
    gained = gains.build(table, results.gains)
    spent = costs.build(results.stages)
    page = _environment().get_template("page.html")
    return page.render(
        results=results,
        title=summary.title(results, table),
        sentences=list(summary.sentences(results, table, gained, spent)),
        figures=list(summary.figures(table, gained, spent)),
        metric=words.metric_name(table.metric),
        matrix=table,
        gains=gained,
        curves=curves.build(run.log),
        costs=spent,
        lost=run.lost,
        seeds=max(len(score.seeds) for row in table.languages for score in row.scores.values()),
        splits=sorted({cell.split for cell in results.cells if cell.split}),
        seed_list=results.seeds or (() if results.seed is None else (results.seed,)),
        command=results.command,
        language_modules=[module for module in results.modules if _left_of(module) is not None],
    )


def _environment() -> Environment:
    """Everything that a template prints is escaped, and a name it does not know is an error."""
    environment = Environment(
        loader=PackageLoader("xling.evaluation", "report_page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    helpers: dict[str, Any] = {
        "heading": lambda condition: _HEADINGS.get(condition, condition),
        "score_text": words.score,
        "tick_text": lambda tick: words.MINUS * (tick < 0) + f"{abs(tick):g}",
        "plural": words.plural,
        "duration": words.duration,
        "memory": words.memory,
        "count": words.count,
        "number": words.figure,
        "left_of": _left_of,
        "drawing": curves,
        "scales": {"light": colours.gradient(colours.LIGHT), "dark": colours.gradient(colours.DARK)},
    }
    environment.globals.update(helpers)
    return environment


def _left_of(module: Module) -> float | None:
    """Pseudo-perplexity after training as a share of that before."""
    before, after = module.pseudo_perplexity_before, module.pseudo_perplexity_after
    return after / before if before and after is not None else None
