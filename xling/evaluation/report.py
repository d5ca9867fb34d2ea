"""The report of a run: one self-contained HTML page, and rows for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from xling.evaluation.report_page import (
    confusion,
    costs,
    gains,
    matrix,
    mistakes,
    readings,
    style,
    summary,
    updates,
    wording,
)
from xling.evaluation.report_page.predictions import GOLD, UNKNOWN_TASK, Answers, read_answers
from xling.evaluation.results import (
    BOTH,
    CARRIED,
    CARRIED_VOTE,
    DISTILLED,
    FEW,
    FEW_VOTE,
    GLOSS,
    HEADINGS,
    MEANINGS,
    NONE,
    SOURCE,
    TARGET,
    VOTE,
    CellRow,
    FinishedRun,
    Gain,
    ModuleRow,
    read_results,
    read_run,
)
from xling.files import write_atomically

REPORT = "report.html"
_WHERE_MEASURED = (CARRIED, GLOSS, VOTE, BOTH, CARRIED_VOTE, DISTILLED, FEW, FEW_VOTE)  # columns of a table
_OF_ALL = {
    f"no {GOLD}/": f"This run keeps no gold answers ({GOLD}/), so that its predictions cannot be held "
    "against them. Run the recipe again to see labels and mistakes here: finished stages are kept.",
    UNKNOWN_TASK: "Labels and mistakes are left out: {fault} here. A task from elsewhere says how they are "
    "shown once it is registered (xling.register), before the report is written.",
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """The labels and mistakes of one language. lost: how many rows of its files could not be compared."""

    language: matrix.Language
    labels: tuple[confusion.Labels, ...]
    mistakes: mistakes.Mistakes
    lost: int

    @property
    def drawn(self) -> bool:
        """Whether any mistake is drawn as spans above and below its words."""
        return any(mistake.sentence for mistake in self.mistakes.shown)


def write_report(run_dir: Path, against: Path | None = None) -> Path:
    """Write `report.html` from the files of a run, and return its path.

    against: the folder of an older run; the page then tells which answers flipped since.

    The page needs no network and no script; equal input gives equal bytes. Without a log, the page has no
    loss curves; without predictions or gold answers, it has no labels and mistakes, and says so.
    Raises InputError when the results are missing or damaged.
    """
    run = read_run(run_dir)
    table = matrix.build(run.results)
    path = run_dir / REPORT
    page = render(
        run,
        table,
        read_answers(run_dir, run.results, table),
        readings.read(run_dir, run.results, table),
        None if against is None else updates.read(run_dir, run.results, table, against),
    )
    write_atomically(path, page.encode("utf-8"))
    return path


def render(
    run: FinishedRun,
    table: matrix.Matrix,
    answers: Sequence[Answers],
    glossed: Sequence[readings.Readings] = (),
    update: updates.Update | None = None,
) -> str:
    """Return the page as HTML text. table: the result of `matrix.build` for the run."""
    results = run.results
    gained = gains.build(table, results.gains)
    spent = costs.build(results.stages)
    effects = gains.ablation(table, results)
    page = _environment().get_template("page.html")
    return page.render(
        results=results,
        title=summary.title(results, table),
        sentences=list(summary.sentences(results, table, gained, spent)),
        figures=list(summary.figures(table, gained, spent)),
        metric=wording.metric_name(table.metric),
        matrix=table,
        metrics=matrix.every_metric(results, table),
        gains=gained,
        ablation=effects,
        meanings=[MEANINGS[name] for name in (effects.conditions if effects else ()) if name in MEANINGS],
        near=gains.nearness(table, results),
        update=update,
        told=[_told(own) for own in answers if own.examples],
        missing=list(_missing(answers)),
        glossed=glossed,
        curves=costs.curves(run.log),
        costs=spent,
        lost=run.lost,
        seeds=max(len(score.seeds) for row in table.languages for score in row.scores.values()),
        splits=sorted({cell.split for cell in results.cells if cell.split}),
        seed_list=results.seeds or (() if results.seed is None else (results.seed,)),
        command=results.command,
        language_modules=[module for module in results.modules if _left_of(module) is not None],
    )


def matrix_rows(results: Path, *, plain: bool) -> list[dict[str, Any]]:
    """Return a row per language: its mean score over seeds for each condition, which one to use, and a gain.

    The gain is that of the recommended condition, or else of the language's own module.

    plain: whether scores are texts for a table, instead of numbers; the first three have their intervals.
    """
    read = read_results(results)
    known = {(row.language, row.condition): row for row in read.gains}
    scores, rows = read.scores(), []
    measured = {cell.condition for cell in read.cells}
    shown_too = [key for key in _WHERE_MEASURED if key in measured]
    best = {row.language: row.condition for row in read.recommended}
    for language, name in dict((cell.language, cell.name) for cell in read.cells).items():
        cells = {key: scores.get((language, key), ()) for key in (NONE, SOURCE, TARGET, *shown_too)}
        shown = {key: _score(own, plain, interval=key not in shown_too) for key, own in cells.items()}
        gains = (known.get((language, key)) for key in (best.get(language, ""), TARGET, SOURCE))
        gain = next(filter(None, gains), None)
        use = {"use": best.get(language)} if best else {}
        rows.append({"language": language, "name": name, **shown, **use, "gain": _gain(gain, plain)})
    return rows


def verdict_rows(results: Path, *, plain: bool) -> list[dict[str, Any]]:
    """Return one row per language and condition: score, gain over the control, and verdict.

    relative, absolute: the score compared with the source's score (see `bootstrap.equivalence`).
    plain: whether gains are texts with intervals for a table, instead of objects.
    """
    read = read_results(results)
    known = {(row.language, row.condition): row for row in read.gains}
    nearness = {(row.language, row.condition): row for row in read.equivalence}
    rows = []
    for key, cells in read.scores().items():
        gain, near = known.get(key), nearness.get(key)
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


def _told(answers: Answers) -> Told:
    return Told(
        language=answers.language,
        labels=confusion.build(example.answers for example in answers.examples),
        mistakes=mistakes.build(answers.examples),
        lost=answers.lost,
    )


def _missing(answers: Sequence[Answers]) -> Iterator[str]:
    """Yield why labels and mistakes are missing; a reason that all languages share is given once."""
    faults = [own.fault for own in answers if own.fault]
    for part, sentence in _OF_ALL.items():
        if faults and len(faults) == len(answers) and all(part in fault for fault in faults):
            yield sentence.format(fault=faults[0])
            return
    for own in answers:
        if own.fault:
            yield f"Nothing to show for {wording.isolated(own.language.name)}: {own.fault}."


@cache
def _environment() -> Environment:
    """Return the template environment: output is escaped, and an unknown name is an error.

    It is kept, because compiling the templates takes twenty times as long as filling them in.
    """
    environment = Environment(
        loader=PackageLoader("xling.evaluation", "report_page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    helpers: dict[str, Any] = {
        "heading": lambda condition: HEADINGS.get(condition, condition),
        "score_text": wording.score,
        "tick_text": lambda tick: wording.MINUS * (tick < 0) + f"{abs(tick):g}",
        "plural": wording.plural,
        "plural_count": lambda number, noun: f"{number:,} {wording.plural(number, noun).partition(' ')[2]}",
        "metric_text": wording.metric_name,
        "language_code": lambda tag: tag.replace("_", "-"),
        "fonts": style.font_stack(),
        "duration": wording.duration,
        "memory": wording.memory,
        "count": wording.count,
        "number": wording.figure,
        "left_of": _left_of,
        "css_class": gains.css_class,
        "drawing": costs,
        "scales": {"light": style.gradient(style.LIGHT), "dark": style.gradient(style.DARK)},
    }
    environment.globals.update(helpers)
    return environment


def _left_of(module: ModuleRow) -> float | None:
    """Return the pseudo-perplexity after training divided by that before."""
    before, after = module.pseudo_perplexity_before, module.pseudo_perplexity_after
    return after / before if before and after is not None else None


def _score(cells: Sequence[CellRow], plain: bool, *, interval: bool) -> Any:
    if not cells:
        return None
    value = fmean(cell.value for cell in cells)
    if not plain:
        return round(value, 2)
    if not interval:
        return f"{value:.1f}"
    low, high = (
        fmean(bound or 0.0 for bound in bounds)
        for bounds in zip(*((c.low, c.high) for c in cells), strict=True)
    )
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


def _gain(row: Gain | None, plain: bool) -> Any:
    if row is None:
        return None
    return f"{row.value:+.1f} [{row.low:+.1f}, {row.high:+.1f}]" if plain else row.model_dump(mode="json")
