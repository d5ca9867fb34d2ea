"""Predictions and gold answers of a run, compared row by row: the folders `predictions/` and `gold/`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from xling.evaluation.report_page.matrix import Language, Matrix
from xling.evaluation.report_page.wording import plural
from xling.evaluation.results import Results
from xling.files import read_regular
from xling.tasks.comparison import UNFIT, Comparison
from xling.tasks.registry import TASKS, task_named

PREDICTIONS, GOLD, UNKNOWN_TASK = "predictions", "gold", "no task is called"
_PLACE = {"id", "language"}
_ROW = TypeAdapter(dict[str, Any])

Row = dict[str, Any]
Compare = Callable[[Row, Row], Sequence[Comparison]]


@dataclass(frozen=True)
class ComparedExample:
    """One example. texts: the texts of its prediction row that are not answers, by key."""

    id: str
    texts: dict[str, str]
    answers: Sequence[Comparison]

    @property
    def right(self) -> bool:
        """Whether all answers are right."""
        return all(answer.right for answer in self.answers)


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The answers of a language under the condition that the page tells of.

    lost: how many rows do not fit together. fault: why there are no answers, or empty.
    """

    language: Language
    examples: tuple[ComparedExample, ...] = ()
    lost: int = 0
    fault: str = ""


def read_answers(folder: Path, results: Results, matrix: Matrix) -> tuple[Answers, ...]:
    """Return the answers of every language under the condition that the page tells of, for the first seed.

    The result is empty when no language has such a condition.
    """
    return tuple(
        read_answers_under(folder, results, language, language.told)
        for language in matrix.languages
        if language.told is not None
    )


def read_answers_under(
    folder: Path, results: Results, language: Language, condition: str, *, gold: Path | None = None
) -> Answers:
    """Return the answers of a language under a condition, for the first seed.

    gold: the folder of the run whose gold answers count; by default it is the same.

    Missing or damaged files and an unknown task are reported in `fault`, not raised.
    """
    name = results.task or results.cells[0].task
    if name not in TASKS:
        return Answers(language=language, fault=f"{UNKNOWN_TASK} {name!r}")
    seeds = results.seeds or tuple(cell.seed for cell in results.cells if cell.seed is not None)
    seed = seeds[0] if seeds else results.seed
    files = (
        (folder, f"{PREDICTIONS}/{language.tag}-{condition}-{seed}.jsonl"),
        (gold or folder, f"{GOLD}/{language.tag}.jsonl"),
    )
    sides = []
    for place, file in files:
        rows = read_rows(place, file)
        if rows is None:
            return Answers(language=language, fault=f"no {file}")
        sides.append(rows)
    predicted, right = sides
    return compared(language, predicted, right, task_named(name).compare)


def compared(
    language: Language, predicted: Sequence[Row | None], gold: Sequence[Row | None], compare: Compare
) -> Answers:
    """Compare predicted and gold rows in the same order; None is an unreadable row.

    compare: the `compare` method of the task.
    """
    examples: list[ComparedExample] = []
    lost = 0
    for found, right in zip_longest(predicted, gold):
        if found is None or right is None or found.get("id", "") != right.get("id", ""):
            lost += 1
        elif right.keys() - _PLACE:
            try:
                examples.append(_example(found, right, compare(right, found)))
            except UNFIT:
                lost += 1
    fault = "" if examples else f"{plural(lost, 'row')} that do not fit" if lost else "no gold answers"
    return Answers(language=language, examples=tuple(examples), lost=lost, fault=fault)


def _example(found: Row, right: Row, answers: Sequence[Comparison]) -> ComparedExample:
    texts = {
        key: text for key, text in found.items() if isinstance(text, str) and key not in {*right, *_PLACE}
    }
    return ComparedExample(str(found.get("id", "")), texts, answers)


def read_rows(folder: Path, name: str) -> list[Row | None] | None:
    """Return one row per line of a file of a run, None for an unreadable line.

    name: the file's folder and its name, of which a part may come from the results. Returns None for a
    missing file, and for a name that leads anywhere else.
    """
    if name.count("/") > 1 or "\\" in name:
        return None
    try:
        text = read_regular(folder / name).decode("utf-8", "replace")
    except (OSError, ValueError):
        return None
    return list(_parsed(text))


def _parsed(text: str) -> Iterator[Row | None]:
    for line in text.split("\n"):
        if line.strip():
            try:
                yield _ROW.validate_json(line)
            except ValidationError:
                yield None
