"""The files of a run as checked values: `results.json`, written and read, and `log.jsonl`, read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from xling.errors import InputError
from xling.faults import faults
from xling.files import read_json, read_regular

RESULTS, LOG = "results.json", "log.jsonl"
_AGAIN = "run `xling run RECIPE --out DIR` again and give the folder DIR/NAME that it fills"

# The conditions under which a language is tested, in the order and the words of the tables.
NONE, ROMANISED, REMOVED = "none", "romanised", "removed"
SOURCE, RELATED, TARGET = "source", "related", "target"
GLOSS, VOTE, BOTH = "gloss", "vote", "both"
CARRIED, CARRIED_VOTE, DISTILLED = "carried", "carried-vote", "distilled"
FEW, FEW_VOTE = "few", "few-vote"

HEADINGS: Mapping[str, str] = {
    NONE: "no language module",
    ROMANISED: "Latin spelling",
    REMOVED: "module removed",
    SOURCE: "source's module",
    RELATED: "related module",
    TARGET: "own module",
    GLOSS: "gloss",
    VOTE: "text and gloss",
    BOTH: "own module and gloss",
    CARRIED: "carried labels",
    CARRIED_VOTE: "carried labels and gloss",
    DISTILLED: "distilled",
    FEW: "few labels",
    FEW_VOTE: "few labels and gloss",
}
MEANINGS: Mapping[str, str] = {
    ROMANISED: "Latin spelling: the text in Latin letters, no language module.",
    REMOVED: "Module removed: the task module learned on the source's language module, then taken away.",
    RELATED: "Related module: that of a related language.",
    GLOSS: "Gloss: the words that the lexicon lists are read in translation, no other language module.",
    VOTE: "Text and gloss: two readings, the text and its gloss, whose probabilities are averaged.",
    BOTH: "Own module and gloss: the same, and the text is read through the own module.",
    CARRIED: "Carried labels: the task module has also learned from labels of translations.",
    CARRIED_VOTE: "Carried labels and gloss: that task module reads the text and its gloss.",
    DISTILLED: "Distilled: one task module has learned what another plan says of unlabelled texts.",
    FEW: "Few labels: a task module has also learned from some labels of the language itself.",
    FEW_VOTE: "Few labels and gloss: that task module reads the text and its gloss.",
}


DRAWN = 1e15  # no larger number is drawn; the axes of charts are computed with these
Figure = Annotated[FiniteFloat, Field(ge=-DRAWN, le=DRAWN)]


class _Row(BaseModel):
    """A frozen row; keys that are not fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class BaseRow(_Row):
    """The base that all modules of the run were trained on."""

    id: str
    revision: str | None = None
    fingerprint: str = ""


class CellRow(_Row):
    """The score of one language under one plan, in percent, with its 95% interval. all: each metric."""

    language: str
    name: str = ""
    script: str = ""
    condition: str = ""
    plan: str = ""
    task: str = ""
    metric: str = "score"
    value: Figure
    low: Figure | None = None
    high: Figure | None = None
    examples: int | None = None
    seed: int | None = None
    split: str = ""
    data_sha256: str = ""
    all: dict[str, float] = {}


class Gain(_Row):
    """The gain of a condition over `none` on the same examples, in points, with its 95% interval."""

    language: str
    condition: str = "target"
    value: Figure
    low: Figure | None = None
    high: Figure | None = None
    verdict: str = ""


class Nearness(_Row):
    """A score as a percentage of the source's score (relative) and as a difference in points (absolute)."""

    language: str
    condition: str = "target"
    relative: Figure | None = None
    absolute: Figure


class AdviceRow(_Row):
    """How a language is best read, as far as can be known without labels.

    condition: the recommended condition; reading: its heading. unread: the share of the pieces of the task's
    text that the base has no piece for. held: the share of its running words that the lexicon's sources hold.
    """

    language: str
    condition: str
    reading: str = ""
    plan: str = ""
    reason: str = ""
    unread: Figure | None = None
    held: Figure | None = None


class OverlapRow(_Row):
    """Examples of dev or test data that stand in data which were learned from, or in dev data, too.

    purpose, card, language: `dev` or `test`, the data card and the language of the examples. examples: how
    many there are; shared: how many of them stand in the other data. translated: whether those hold
    translations of them, and not the same texts. other: the purpose of the other data, such as `train`.
    """

    purpose: str
    card: str = ""
    language: str = ""
    examples: int
    shared: int
    translated: bool = False
    other: str
    other_card: str = ""
    other_language: str = ""

    @property
    def tested(self) -> str:
        """What the examples are, such as `test (sib200/swh)`."""
        return f"{self.purpose} ({self.card}/{self.language})"

    @property
    def found_in(self) -> str:
        """What the other data are, such as `train (sib200/eng)`."""
        return f"{self.other} ({self.other_card}/{self.other_language})"

    @property
    def sentence(self) -> str:
        """The finding in one line."""
        stand = "have a translation in {}" if self.translated else "stand in {} too"
        return f"{self.tested}: {self.shared} of {self.examples} examples {stand.format(self.found_in)}"


class ModuleRow(_Row):
    """A trained module with its scores. tokens: the number of pieces read in training."""

    model_config = ConfigDict(frozen=True, extra="allow")
    name: str
    language: str | None = None
    kind: str = ""
    steps: int | None = None
    tokens: int | None = None
    pseudo_perplexity_before: float | None = None
    pseudo_perplexity_after: float | None = None


class StageRow(_Row):
    """The cost of a stage. cached: whether an earlier run finished it; the cost is then from that run."""

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
    recommended: tuple[AdviceRow, ...] = ()
    overlap: tuple[OverlapRow, ...] = ()
    modules: tuple[ModuleRow, ...] = ()
    stages: tuple[StageRow, ...] = ()
    cards: tuple[CardRow, ...] = ()
    versions: dict[str, str] = {}
    created: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the content of `results.json`: all fields that were set, ready for JSON."""
        return self.model_dump(mode="json", exclude_unset=True)

    def scores(self) -> dict[tuple[str, str], list[CellRow]]:
        """Return the cells of all seeds by language and condition."""
        found: dict[tuple[str, str], list[CellRow]] = {}
        for cell in self.cells:
            found.setdefault((cell.language, cell.condition), []).append(cell)
        return found


class LogRow(_Row):
    """One training step. loss: may be infinite or NaN. dev: the held-out score, if one was measured.

    tokens: the number of pieces that were read.
    """

    stage: str
    step: Annotated[int, Field(ge=0, le=DRAWN)]
    steps: int | None = None
    loss: float
    tokens: Annotated[int, Field(ge=0)] = 0
    dev: float | None = None


@dataclass(frozen=True)
class FinishedRun:
    """The results and the log of a run. lost: how many lines of the log are unreadable."""

    results: Results
    log: tuple[LogRow, ...]
    lost: int = 0


def read_run(folder: Path) -> FinishedRun:
    """Read the folder of a run. Raises InputError when its results are missing or damaged."""
    log, lost = read_log(folder / LOG)
    return FinishedRun(read_results(folder / RESULTS), log, lost)


def read_results(path: Path) -> Results:
    """Read a `results.json` file. Raises InputError when it is missing or damaged."""
    try:
        content: Any = read_json(path)
    except OSError as error:
        raise InputError(f"no results here ({error.strerror or error})", where=path, hint=_AGAIN) from error
    except ValueError as error:
        raise InputError(f"this is not JSON: {error}", where=path, hint=_AGAIN) from error
    try:
        return Results.model_validate(content)
    except ValidationError as error:
        raise InputError(faults(error, Results), where=path, hint=_AGAIN) from error


def read_log(path: Path) -> tuple[tuple[LogRow, ...], int]:
    """Return the rows of a log, none if it cannot be read, and how many of its lines are unreadable."""
    try:
        lines = read_regular(path).decode("utf-8", "replace").splitlines()
    except OSError:
        return (), 0
    rows, lost = [], 0
    for line in filter(str.strip, lines):
        try:
            rows.append(LogRow.model_validate_json(line))
        except ValidationError:
            lost += 1
    return tuple(rows), lost
