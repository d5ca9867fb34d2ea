"""What a run leaves on disk, as checked values: `results.json`, written and read, and `log.jsonl`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from xling.errors import InputError
from xling.faults import faults

RESULTS, LOG = "results.json", "log.jsonl"
_AGAIN = "run `xling run RECIPE --out DIR` again and give the folder DIR/NAME that it fills"

# Under what a language is tested, in the order and in the words that tables show.
NONE, ROMANISED, REMOVED = "none", "romanised", "removed"
SOURCE, RELATED, TARGET = "source", "related", "target"

HEADINGS: Mapping[str, str] = {
    NONE: "no language module",
    ROMANISED: "Latin spelling",
    REMOVED: "module removed",
    SOURCE: "source's module",
    RELATED: "related module",
    TARGET: "own module",
}
MEANINGS: Mapping[str, str] = {
    ROMANISED: "Latin spelling: the text in Latin letters, no language module.",
    REMOVED: "Module removed: the task module learned on the source's language module, then taken away.",
    RELATED: "Related module: that of a related language.",
}


class _Row(BaseModel):
    """Rows may say more than the page shows."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class BaseRow(_Row):
    """The encoder that everything was built on."""

    id: str
    revision: str | None = None
    fingerprint: str = ""


class CellRow(_Row):
    """The score of one language under one plan, in percent, with its 95% interval. all: every metric."""

    language: str
    name: str = ""
    script: str = ""
    condition: str = ""
    plan: str = ""
    task: str = ""
    metric: str = "score"
    value: FiniteFloat
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    examples: int | None = None
    seed: int | None = None
    split: str = ""
    data_sha256: str = ""
    all: dict[str, float] = {}


class Gain(_Row):
    """A condition minus `none` on the same examples, in points, with its 95% interval."""

    language: str
    condition: str = "target"
    value: FiniteFloat
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    verdict: str = ""


class Nearness(_Row):
    """A language's score beside the source's: as a share of it in percent, and in points less."""

    language: str
    condition: str = "target"
    relative: FiniteFloat | None = None
    absolute: FiniteFloat


class ModuleRow(_Row):
    """A trained module, with whatever scores it has. tokens: pieces read in training."""

    model_config = ConfigDict(frozen=True, extra="allow")
    name: str
    language: str | None = None
    kind: str = ""
    steps: int | None = None
    tokens: int | None = None
    pseudo_perplexity_before: float | None = None
    pseudo_perplexity_after: float | None = None


class StageRow(_Row):
    """What a stage cost. cached: it was found done, and the cost is that of the run that did it."""

    name: str
    key: str = ""
    seconds: float
    tokens_per_second: float | None = None
    peak_rss_mb: float | None = None
    cached: bool = False


class CardRow(_Row):
    """The facts of a data set that the scores depend on."""

    name: str
    title: str = ""
    licence: str = ""
    citation: str = ""
    known_faults: tuple[str, ...] = ()


class Results(_Row):
    """The content of `results.json`."""

    recipe: str
    about: str = ""
    command: str = ""
    base: BaseRow
    source: str = ""
    precision: str | None = None
    seed: int | None = None
    seeds: tuple[int, ...] = ()
    task: str = ""
    cells: tuple[CellRow, ...] = Field(min_length=1)
    gains: tuple[Gain, ...] = ()
    equivalence: tuple[Nearness, ...] = ()
    modules: tuple[ModuleRow, ...] = ()
    stages: tuple[StageRow, ...] = ()
    cards: tuple[CardRow, ...] = ()
    versions: dict[str, str] = {}
    created: str | None = None

    def as_json(self) -> dict[str, Any]:
        """What `results.json` holds: all that was said, ready for JSON."""
        return self.model_dump(mode="json", exclude_unset=True)

    def scores(self) -> dict[tuple[str, str], list[CellRow]]:
        """The cells of all seeds by language and condition."""
        found: dict[tuple[str, str], list[CellRow]] = {}
        for cell in self.cells:
            found.setdefault((cell.language, cell.condition), []).append(cell)
        return found


class LogRow(_Row):
    """One training step. loss may be infinite or NaN; dev is a held-out score, where one was taken."""

    stage: str
    step: int
    steps: int | None = None
    loss: float
    dev: float | None = None


@dataclass(frozen=True)
class FinishedRun:
    """Everything the page is made from, but for the answers. lost: lines of the log that nobody can read."""

    results: Results
    log: tuple[LogRow, ...]
    lost: int = 0


def read_run(folder: Path) -> FinishedRun:
    """Read a run's folder; InputError when there are no results or they are damaged."""
    log, lost = _read_log(folder / LOG)
    return FinishedRun(read_results(folder / RESULTS), log, lost)


def read_results(path: Path) -> Results:
    """Read a `results.json`; InputError when it is missing or damaged."""
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"no results here ({error.strerror or error})", where=path, hint=_AGAIN) from error
    except ValueError as error:
        line = getattr(error, "lineno", None)
        raise InputError(f"this is not JSON: {error}", where=path, line=line, hint=_AGAIN) from error
    try:
        return Results.model_validate(content)
    except ValidationError as error:
        raise InputError(faults(error, Results), where=path, hint=_AGAIN) from error


def _read_log(path: Path) -> tuple[tuple[LogRow, ...], int]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return (), 0
    rows, lost = [], 0
    for line in filter(str.strip, lines):
        try:
            rows.append(LogRow.model_validate_json(line))
        except ValidationError:
            lost += 1
    return tuple(rows), lost
