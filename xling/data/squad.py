"""Extractive question answering: SQuAD 1.1 JSON (Rajpurkar et al. 2016), or a question a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xling.data.cells import shown
from xling.data.examples import Question
from xling.data.opening import ending, find, read_lines
from xling.data.rows import as_text, read_rows
from xling.errors import InputError

_FORMATS: Mapping[str, str] = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}

Answers = tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Spot:
    """Where a value stands: a file or a data set's name, and a line of it, or a path in its JSON."""

    where: str | Path
    line: int | None = None
    path: str = ""

    def inside(self, step: str) -> Spot:
        """A step further down the path."""
        return replace(self, path=f"{self.path}.{step}" if self.path else step)

    def fault(self, problem: str, hint: str | None = None) -> InputError:
        """An error that names this place."""
        text = f"{self.path}: {problem}" if self.path else problem
        return InputError(text, where=self.where, line=self.line, hint=hint)

    def __str__(self) -> str:
        return self.path if self.line is None else f"line {self.line}"


@dataclass(frozen=True)
class Asked:
    """A question as it was found: its cells (id, context, question, answers), its group, its place."""

    cells: Mapping[str, Any]
    group: str | None
    spot: Spot


def read_squad(
    path: str | Path, *, language: str, labelled: bool = True, format: str | None = None
) -> list[Question]:
    """The questions of a SQuAD 1.1 file (`.json`), or of JSON lines (`.jsonl`), or of their `.gz`.

    format: `json` or `jsonl`, by the ending where not told.
    The id of a SQuAD question is TITLE/ID, where the article's number stands in for a missing title. Lines
    hold `context`, `question`, `answers` and, where they like, `id` and `language`; without an id they are
    numbered. labelled: whether answers are read, and must be there.
    Raises InputError naming the file with the line or the path in its JSON: broken JSON, a missing key or
    another type, an id that stands twice, an answer that does not stand at its place in the context.
    """
    place = find(Path(path))
    found = format or _FORMATS.get(ending(place))
    if found is None:
        raise InputError("no file of questions by its ending", where=place, choices=_FORMATS)
    asked = _lines(place) if found == "jsonl" else _articles(_document(place), Spot(place))
    return questions_of(asked, language, labelled=labelled, where=place)


def questions_of(
    asked: Iterable[Asked], language: str, *, labelled: bool, where: str | Path
) -> list[Question]:
    """Examples of what was asked; InputError as `read_squad` tells, and where there is no question."""
    found: list[Question] = []
    seen: dict[str, Spot] = {}
    for one in asked:
        identity = _identity(one, len(found))
        if identity in seen:
            raise one.spot.fault(f"the id {shown(identity)} stands at {seen[identity]} already")
        seen[identity] = one.spot
        context, question = _text(one.cells, "context", one.spot), _text(one.cells, "question", one.spot)
        answers = _answers(one.cells, context, identity, one.spot) if labelled else None
        own = as_text(one.cells.get("language")) or language
        whole = identity if one.group is None else f"{one.group}/{identity}"
        found.append(Question(context=context, question=question, answers=answers, id=whole, language=own))
    if not found:
        raise InputError("no question in this file", where=where)
    return found


def grouped(rows: Iterable[Mapping[str, Any]], where: str) -> Iterator[Asked]:
    """Rows of a table, whose group is the title, or the number of the context where there is none."""
    contexts: dict[Any, int] = {}
    for number, cells in enumerate(rows):
        context = contexts.setdefault(str(cells.get("context")), len(contexts))
        yield Asked(cells, as_text(cells.get("title")) or str(context), Spot(where, None, f"row {number}"))


def _lines(path: Path) -> Iterator[Asked]:
    return (Asked(row, None, Spot(path, number)) for number, row in read_rows(path, "jsonl"))


def _document(path: Path) -> Any:
    text = "\n".join(read_lines(path))
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", None) or "too deep or too long"
        hint = "fetch it again: it may be cut short"
        if reason == "Extra data":
            hint = "a .json file is one SQuAD document; end the name of JSON lines in .jsonl"
        line = getattr(error, "lineno", None)
        column = f" at column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(f"broken JSON{column}: {reason}", where=path, line=line, hint=hint) from error


def _articles(document: Any, spot: Spot) -> Iterator[Asked]:
    for number, (article, at) in enumerate(_items(document, "data", spot)):
        untitled = article.get("title") in (None, "")
        title = str(number) if untitled else _text(article, "title", at)
        for paragraph, within in _items(article, "paragraphs", at):
            context = _text(paragraph, "context", within)
            for cells, place in _items(paragraph, "qas", within):
                _text(cells, "id", place)
                yield Asked({**cells, "context": context}, title, place)


def _items(value: Any, key: str, spot: Spot) -> Iterator[tuple[Mapping[str, Any], Spot]]:
    """The objects of a list at a key, each with its place."""
    for number, item in enumerate(_list(value, key, spot)):
        place = spot.inside(f"{key}[{number}]")
        if not isinstance(item, dict):
            raise place.fault(f"{shown(item)} is no JSON object")
        yield item, place


def _list(value: Any, key: str, spot: Spot) -> list[Any]:
    if not isinstance(value, dict):
        raise spot.fault(f"{shown(value)} is no JSON object", "SQuAD is data / paragraphs / qas")
    if key not in value:
        raise spot.fault(f"{key!r} is missing; there are {_keys(value)}")
    if not isinstance(value[key], list):
        raise spot.inside(key).fault(f"{shown(value[key])} is no list")
    return value[key]


def _keys(value: Mapping[str, Any]) -> str:
    return ", ".join(map(shown, list(value)[:10])) or "no keys"


def _text(value: Mapping[str, Any], key: str, spot: Spot) -> str:
    """Text that is not blank."""
    if key not in value:
        raise spot.fault(f"{key!r} is missing; there are {_keys(value)}")
    text = as_text(value[key])
    if text is None or isinstance(value[key], bool):
        raise spot.inside(key).fault(f"{shown(value[key])} is no text")
    if not text.strip():
        raise spot.inside(key).fault("the text is blank")
    return text


def _identity(one: Asked, number: int) -> str:
    return str(number) if one.cells.get("id") is None else _text(one.cells, "id", one.spot)


def _answers(cells: Mapping[str, Any], context: str, identity: str, spot: Spot) -> Answers:
    """Places and texts of the right answers: a list of objects, or the Hub's object of two lists."""
    named = f"question {shown(identity)}"
    if not cells.get("answers"):
        hint = "leave it out: questions without an answer (SQuAD 2.0) are not taken"
        raise spot.fault(f"{named} has no answers", hint)
    value = cells["answers"]
    if isinstance(value, dict):
        starts, texts = (_list(value, key, spot.inside("answers")) for key in ("answer_start", "text"))
        if len(starts) != len(texts):
            raise spot.fault(f"{named} has {len(starts)} places for {len(texts)} answers")
        value = [{"answer_start": start, "text": text} for start, text in zip(starts, texts, strict=True)]
        if not value:
            raise spot.fault(f"{named} has no answers", "leave it out")
    return tuple(
        _answer(item, context, named, at) for item, at in _items({"answers": value}, "answers", spot)
    )


def _answer(item: Mapping[str, Any], context: str, named: str, spot: Spot) -> tuple[int, str]:
    text, start = _text(item, "text", spot), item.get("answer_start")
    if not isinstance(start, int) or isinstance(start, bool) or start < 0:
        raise spot.fault(f"{named}: answer_start is {shown(start)}, no number of a character")
    there = context[start : start + len(text)]
    if there != text:
        right = context.find(text)
        hint = "answer_start counts characters (code points) of the context from zero"
        hint = hint if right < 0 else f"{hint}; the text stands at {right}"
        problem = f"at character {start} stands {shown(there)!r}, not the answer {shown(text)!r}"
        raise spot.fault(f"{named}: {problem}", hint)
    return start, text
