"""A few sentences as they stand, in their gloss, and what each reading of them said.

The examples are those on which the readings differ, evenly spaced, because only they show what a gloss does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xling.evaluation.report_page.matrix import Language, Matrix
from xling.evaluation.report_page.predictions import ComparedExample, read_answers_under, read_rows
from xling.evaluation.report_page.wording import cut, direction
from xling.evaluation.results import (
    GLOSS,
    HEADINGS,
    RELATED,
    REMOVED,
    ROMANISED,
    SOURCE,
    Results,
)
from xling.tasks.comparison import Comparison

GLOSSES = "glosses"
_CONTROLS = (ROMANISED, REMOVED, SOURCE, RELATED)
_READINGS = tuple(name for name in HEADINGS if name not in _CONTROLS)
_SHOWN, _LONG, _SHORT = 5, 400, 200


@dataclass(frozen=True)
class Said:
    """What one reading said of an example. name: the heading of its condition."""

    name: str
    said: str
    right: bool


@dataclass(frozen=True, kw_only=True)
class ReadExample:
    """An example with its gloss, the gold answer, and the readings. way: the direction of its text."""

    text: str
    way: str
    gloss: str
    gold: str
    readings: tuple[Said, ...]


@dataclass(frozen=True, kw_only=True)
class Readings:
    """Some examples of a language. differ: on how many examples the readings differ. of: of how many."""

    language: Language
    shown: tuple[ReadExample, ...]
    differ: int
    of: int


def read(folder: Path, results: Results, matrix: Matrix) -> tuple[Readings, ...]:
    """Return the readings of every language that was read in its gloss, for the first seed.

    A language whose files are missing or do not fit together is left out.
    """
    found = (_of(folder, results, language) for language in matrix.languages if GLOSS in language.scores)
    return tuple(own for own in found if own is not None)


def _of(folder: Path, results: Results, language: Language) -> Readings | None:
    rows = read_rows(folder, f"{GLOSSES}/{language.tag}.jsonl") or ()
    texts = {row["id"]: row for row in rows if row is not None and "id" in row}
    readings = {
        name: {
            example.id: example for example in read_answers_under(folder, results, language, name).examples
        }
        for name in _READINGS
        if name in language.scores
    }
    ids = [own for own in readings[GLOSS] if own in texts and all(own in said for said in readings.values())]
    differing = [own for own in ids if len({_said(said[own]) for said in readings.values()}) > 1]
    count = min(_SHOWN, len(differing))
    chosen = [differing[place * len(differing) // count] for place in range(count)]
    if not ids:
        return None
    shown = [_example(texts[own], {name: said[own] for name, said in readings.items()}) for own in chosen]
    return Readings(language=language, shown=tuple(shown), differ=len(differing), of=len(ids))


def _example(texts: Mapping[str, object], said: Mapping[str, ComparedExample]) -> ReadExample:
    text, gloss = (cut(str(texts.get(key, "")), _LONG) for key in ("text", "gloss"))
    answers = next(iter(said.values())).answers
    readings = [Said(HEADINGS[name], _said(own), own.right) for name, own in said.items()]
    gold = _joined(_sides(answers, gold=True))
    return ReadExample(text=text, way=direction(text), gloss=gloss, gold=gold, readings=tuple(readings))


def _said(example: ComparedExample) -> str:
    return _joined(_sides(example.answers, gold=False))


def _sides(answers: Sequence[Comparison], *, gold: bool) -> Iterator[str]:
    """Yield the answers of one side as text: whole answers, or labelled words."""
    for answer in answers:
        yield from (own.text for own in (answer.gold if gold else answer.predicted))
        spans = answer.spans and (answer.spans.gold if gold else answer.spans.predicted)
        for (start, end), label in sorted((spans or {}).items()):
            assert answer.spans is not None
            yield f"{' '.join(answer.spans.tokens[start:end])} ({label})"


def _joined(parts: Iterator[str]) -> str:
    return cut(", ".join(parts) or "nothing", _SHORT)
