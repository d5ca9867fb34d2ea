"""Extractive question answering: SQuAD 1.1 JSON (Rajpurkar et al. 2016), or a question a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling.data.cells import shown
from xling.data.examples import Question
from xling.data.place import Place
from xling.data.rows import as_text, read_rows
from xling.data.textfile import ending, find, read_lines
from xling.errors import InputError

_FORMATS: Mapping[str, str] = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}

Answers = tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Asked:
    """A question as it was found: its cells (id, context, question, answers), its group, its place."""

    cells: Mapping[str, Any]
    group: str | None
    place: Place


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
    file = find(Path(path))
    found = format or _FORMATS.get(ending(file))
    if found is None:
        raise InputError("no file of questions by its ending", where=file, choices=_FORMATS)
    asked = _lines(file) if found == "jsonl" else _articles(_document(file), Place(file))
    return questions_of(asked, language, labelled=labelled, where=file)


def questions_of(
    asked: Iterable[Asked], language: str, *, labelled: bool, where: str | Path
) -> list[Question]:
    """Examples of what was asked; InputError as `read_squad` tells, and where there is no question."""
    found: list[Question] = []
    seen: dict[str, Place] = {}
    for one in asked:
        identity = _identity(one, len(found))
        if identity in seen:
            raise one.place.fault(f"the id {shown(identity)} stands at {seen[identity]} already")
        seen[identity] = one.place
        context, question = _text(one.cells, "context", one.place), _text(one.cells, "question", one.place)
        answers = _answers(one.cells, context, identity, one.place) if labelled else None
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
        yield Asked(cells, as_text(cells.get("title")) or str(context), Place(where, None, f"row {number}"))


def _lines(path: Path) -> Iterator[Asked]:
    return (Asked(row, None, Place(path, number)) for number, row in read_rows(path, "jsonl"))


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


def _articles(document: Any, place: Place) -> Iterator[Asked]:
    for number, (article, at) in enumerate(_items(document, "data", place)):
        untitled = article.get("title") in (None, "")
        title = str(number) if untitled else _text(article, "title", at)
        for paragraph, within in _items(article, "paragraphs", at):
            context = _text(paragraph, "context", within)
            for cells, own in _items(paragraph, "qas", within):
                _text(cells, "id", own)
                yield Asked({**cells, "context": context}, title, own)


def _items(value: Any, key: str, place: Place) -> Iterator[tuple[Mapping[str, Any], Place]]:
    """The objects of a list at a key, each with its place."""
    for number, item in enumerate(_list(value, key, place)):
        own = place.inside(f"{key}[{number}]")
        if not isinstance(item, dict):
            raise own.fault(f"{shown(item)} is no JSON object")
        yield item, own


def _list(value: Any, key: str, place: Place) -> list[Any]:
    if not isinstance(value, dict):
        raise place.fault(f"{shown(value)} is no JSON object", hint="SQuAD is data / paragraphs / qas")
    if key not in value:
        raise place.fault(f"{key!r} is missing; there are {_keys(value)}")
    if not isinstance(value[key], list):
        raise place.inside(key).fault(f"{shown(value[key])} is no list")
    return value[key]


def _keys(value: Mapping[str, Any]) -> str:
    return ", ".join(map(shown, list(value)[:10])) or "no keys"


def _text(value: Mapping[str, Any], key: str, place: Place) -> str:
    """Text that is not blank."""
    if key not in value:
        raise place.fault(f"{key!r} is missing; there are {_keys(value)}")
    text = as_text(value[key])
    if text is None or isinstance(value[key], bool):
        raise place.inside(key).fault(f"{shown(value[key])} is no text")
    if not text.strip():
        raise place.inside(key).fault("the text is blank")
    return text


def _identity(one: Asked, number: int) -> str:
    return str(number) if one.cells.get("id") is None else _text(one.cells, "id", one.place)


def _answers(cells: Mapping[str, Any], context: str, identity: str, place: Place) -> Answers:
    """Places and texts of the right answers: a list of objects, or the Hub's object of two lists."""
    named = f"question {shown(identity)}"
    if not cells.get("answers"):
        hint = "leave it out: questions without an answer (SQuAD 2.0) are not taken"
        raise place.fault(f"{named} has no answers", hint=hint)
    value = cells["answers"]
    if isinstance(value, dict):
        starts, texts = (_list(value, key, place.inside("answers")) for key in ("answer_start", "text"))
        if len(starts) != len(texts):
            raise place.fault(f"{named} has {len(starts)} places for {len(texts)} answers")
        value = [{"answer_start": start, "text": text} for start, text in zip(starts, texts, strict=True)]
        if not value:
            raise place.fault(f"{named} has no answers", hint="leave it out")
    return tuple(
        _answer(item, context, named, at) for item, at in _items({"answers": value}, "answers", place)
    )


def _answer(item: Mapping[str, Any], context: str, named: str, place: Place) -> tuple[int, str]:
    text, start = _text(item, "text", place), item.get("answer_start")
    if not isinstance(start, int) or isinstance(start, bool) or start < 0:
        raise place.fault(f"{named}: answer_start is {shown(start)}, no number of a character")
    there = context[start : start + len(text)]
    if there != text:
        right = context.find(text)
        hint = "answer_start counts characters (code points) of the context from zero"
        hint = hint if right < 0 else f"{hint}; the text stands at {right}"
        problem = f"at character {start} stands {shown(there)!r}, not the answer {shown(text)!r}"
        raise place.fault(f"{named}: {problem}", hint=hint)
    return start, text
