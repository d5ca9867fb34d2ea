"""SQuAD 1.1 JSON (Rajpurkar et al. 2016): its questions as rows, and the answers in a row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xling.data.place import Place
from xling.data.rows import Record, as_text
from xling.data.textfile import find, read_whole
from xling.errors import InputError
from xling.printable import shown

Answers = tuple[tuple[int, str], ...]


def read_articles(path: str | Path) -> Iterator[Record]:
    """Yield the questions of a file or its `.gz`, each with its context and the title of its article.

    An article without a title gets its number as title. Raises InputError naming the JSON path of a value
    that is broken, missing or of the wrong type.
    """
    file = find(Path(path))
    for number, (article, at) in enumerate(_items(_document(file), "data", Place(file))):
        untitled = article.get("title") in (None, "")
        title = str(number) if untitled else text_at(article, "title", at)
        for paragraph, within in _items(article, "paragraphs", at):
            context = text_at(paragraph, "context", within)
            for cells, own in _items(paragraph, "qas", within):
                text_at(cells, "id", own)
                yield Record({**cells, "context": context, "title": title}, own, own)


def answers_in(row: Record, context: str, identity: str) -> Answers:
    """Return (offset of the first character, text) of every right answer of a question.

    Answers may be a list of objects, as in SQuAD, or an object of two lists, as on the Hub. Raises InputError
    when there is no answer or when the context has another text at the offset of one.
    """
    cells, place, named = row.cells, row.place, f"question {shown(identity)}"
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


def text_at(value: Mapping[str, Any], key: str, place: Place) -> str:
    """Return the text at a key. Raises InputError when it is missing, blank or not a text."""
    if key not in value:
        raise place.fault(f"{key!r} is missing; there are {_keys(value)}")
    text = as_text(value[key])
    if text is None or isinstance(value[key], bool):
        raise place.inside(key).fault(f"{shown(value[key])} is no text")
    if not text.strip():
        raise place.inside(key).fault("the text is blank")
    return text


def _document(path: Path) -> Any:
    text = read_whole(path)
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


def _items(value: Any, key: str, place: Place) -> Iterator[tuple[Mapping[str, Any], Place]]:
    """Yield the objects of the list at a key, each with its position."""
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


def _answer(item: Mapping[str, Any], context: str, named: str, place: Place) -> tuple[int, str]:
    text, start = text_at(item, "text", place), item.get("answer_start")
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
