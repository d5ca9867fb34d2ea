"""A run against an older one: scores before and now, and which answers flipped, for each language."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xling.errors import InputError
from xling.evaluation.flips import Flips, flips
from xling.evaluation.report_page.matrix import Language, Matrix, build
from xling.evaluation.report_page.predictions import Answers, read_answers_under
from xling.evaluation.report_page.wording import bounds, isolated
from xling.evaluation.results import RESULTS, Results, read_results


@dataclass(frozen=True, kw_only=True)
class UpdateRow:
    """The flips of one kind of answer in a language. before, now: the scores of both runs, as text."""

    language: Language
    condition: str
    before: str
    now: str
    flips: Flips

    def rate(self, way: str) -> str:
        """Return the rate of `negative` or `positive` flips in percent, as the page writes it."""
        return f"{getattr(self.flips, f'{way}_rate').value:.1f}%"

    def between(self, way: str) -> str:
        """Return the interval of that rate."""
        rate = getattr(self.flips, f"{way}_rate")
        return bounds(rate.low, rate.high)


@dataclass(frozen=True, kw_only=True)
class Update:
    """The rows of all languages that both runs tested alike. missing: why others are left out."""

    older: str
    rows: tuple[UpdateRow, ...]
    missing: tuple[str, ...]


def read(folder: Path, results: Results, table: Matrix, older: Path) -> Update:
    """Compare the answers of a run with those of an older run, each language as the page tells of it.

    Both are held against the gold answers of the newer run, and are of the first seed.
    Raises InputError when the older run cannot be read or is of another task.
    """
    before = read_results(older / RESULTS)
    tasks = [run.task or run.cells[0].task for run in (before, results)]
    if tasks[0] != tasks[1]:
        raise InputError(f"it is of the task {tasks[0]}, the run itself of {tasks[1]}", where=older)
    scores = {language.tag: language.scores for language in build(before).languages}
    rows, missing = [], []
    for language in table.languages:
        if language.told is None:
            continue
        old = read_answers_under(older, before, language, language.told, gold=folder)
        new = read_answers_under(folder, results, language, language.told)
        if fault := _fault(old, new):
            missing.append(f"Nothing to compare for {isolated(language.name)}: {fault}.")
            continue
        known = scores.get(language.tag, {}).get(language.told)
        sides = ([example.answers for example in side.examples] for side in (old, new))
        rows += [
            UpdateRow(
                language=language,
                condition=language.told,
                before=known.shown if known else "–",
                now=language.scores[language.told].shown,
                flips=own,
            )
            for own in flips(*sides)
        ]
    return Update(older=before.recipe, rows=tuple(rows), missing=tuple(missing))


def _fault(old: Answers, new: Answers) -> str:
    """Return why two sides cannot be compared, or an empty text."""
    for side, name in ((old, "the older run"), (new, "this run")):
        if side.fault and not side.lost:
            return f"{side.fault} in {name}"
    before, now = ([(own.id, own.texts) for own in side.examples] for side in (old, new))
    return "the rows of the two runs do not fit together" if before != now or old.lost or new.lost else ""
