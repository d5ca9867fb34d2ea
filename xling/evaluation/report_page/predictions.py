"""What a run answered beside what is right: `predictions/` and `gold/`, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, StrictInt, StrictStr, ValidationError

from xling.evaluation.report_page.matrix import Language, Matrix
from xling.evaluation.report_page.numbers import plural
from xling.evaluation.results import Results

PREDICTIONS, GOLD = "predictions", "gold"
_PARALLEL = ("tags", "heads", "relations")
_TREE = {"heads", "relations"}
_ANSWERS = ("label", "labels", "tags", "heads", "relations", "intent", "answer")


class Candidate(BaseModel):
    """An answer to a question, with its share of the best ones' probability."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str
    score: FiniteFloat


class Answer(BaseModel):
    """A row of a prediction or of gold; what its task does not have is missing."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    id: str = ""
    text: str = ""
    premise: str = ""
    hypothesis: str = ""
    context: str = ""
    question: str = ""
    choices: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    label: StrictStr | StrictInt | None = None
    labels: tuple[str, ...] | None = None
    tags: tuple[Annotated[str, Field(min_length=1)], ...] | None = None
    intent: str | None = None
    heads: tuple[int, ...] | None = None
    relations: tuple[str, ...] | None = None
    answer: str | None = None
    answers: tuple[str, ...] = ()
    scores: dict[str, FiniteFloat] | tuple[FiniteFloat, ...] = ()
    intent_scores: dict[str, FiniteFloat] = {}
    nbest: tuple[Candidate, ...] = ()

    @property
    def given(self) -> frozenset[str]:
        """Which kinds of answer the row has."""
        return frozenset(name for name in _ANSWERS if getattr(self, name) is not None)


@dataclass(frozen=True)
class Pair:
    """One example: what is right, and what was predicted."""

    gold: Answer
    found: Answer


@dataclass(frozen=True, kw_only=True)
class Answers:
    """A language's answers under one condition. lost: rows that do not fit; fault: why there are no pairs."""

    language: Language
    condition: str
    task: str
    pairs: tuple[Pair, ...] = ()
    lost: int = 0
    fault: str = ""


def read_answers(folder: Path, results: Results, matrix: Matrix) -> tuple[Answers, ...]:
    """The answers of every language under its own condition, for the first seed.

    Files that are missing or damaged are said, not raised. Empty for results without conditions.
    """
    seeds = results.seeds or tuple(cell.seed for cell in results.cells if cell.seed is not None)
    seed = seeds[0] if seeds else results.seed
    task = results.task or results.cells[0].task
    return tuple(
        _read(folder, language, language.own, seed, task)
        for language in matrix.languages
        if language.own is not None
    )


def _read(folder: Path, language: Language, condition: str, seed: int | None, task: str) -> Answers:
    names = (f"{PREDICTIONS}/{language.tag}-{condition}-{seed}.jsonl", f"{GOLD}/{language.tag}.jsonl")
    rows = []
    for name in names:
        own = None if name.count("/") > 1 or "\\" in name else _rows(folder / name)
        if own is None:
            return Answers(language=language, condition=condition, task=task, fault=f"no {name}")
        rows.append(own)
    pairs: list[Pair] = []
    lost = 0
    for found, gold in zip_longest(*rows):
        like = pairs[0].gold.given if pairs else None
        if found is None or gold is None or not _fits(gold, found, like):
            lost += 1
        elif gold.given:
            pairs.append(Pair(gold, found))
    fault = "" if pairs else f"{plural(lost, 'row')} that do not fit" if lost else "no gold answers"
    return Answers(
        language=language, condition=condition, task=task, pairs=tuple(pairs), lost=lost, fault=fault
    )


def _rows(path: Path) -> list[Answer | None] | None:
    """A row for each line, None where it is no answer; None for a file that is not there."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return None
    return list(_parsed(text))


def _parsed(text: str) -> Iterator[Answer | None]:
    for line in text.split("\n"):
        if line.strip():
            try:
                yield Answer.model_validate_json(line)
            except ValidationError:
                yield None


def _fits(gold: Answer, found: Answer, like: frozenset[str] | None) -> bool:
    """Whether both are of one example: the same id, and an answer to all that gold answers, word by word.

    like: what the rows before answer; one without gold fits too.
    """
    given = gold.given
    if gold.id != found.id or not given.issubset(found.given) or given & _TREE not in (set(), _TREE):
        return False
    names = [name for name in _PARALLEL if name in given]
    whole = all(len(getattr(row, name)) == len(found.tokens) for row in (gold, found) for name in names)
    return whole and (not given or like in (None, given))
