"""The error messages for values that pydantic rejects, with the same words in every file format."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

_MOST = 8
_COLLECTIONS = {dict: "a mapping", list: "a list", tuple: "a list", type(None): "nothing"}
_WORDS = {
    "missing": "is missing",
    "string_type": "should be text (in quotes, if it looks like something else)",
    "bool_type": "should be true or false",
    "int_type": "should be a whole number",
    "float_type": "should be a number",
    "tuple_type": "should be a list",
    "dict_type": "should be a mapping of keys to values",
    "model_type": "should be a mapping of keys to values",
}
_VALUE_SAYS_NOTHING = ("missing", "value_error")


def faults(error: ValidationError, model: type[BaseModel]) -> str:
    """Describe the validation errors of a value in one line: each key, what is wrong, the nearest key."""
    # misspelt keys come first: they explain why another key is missing
    entries = sorted(error.errors(), key=lambda entry: entry["type"] != "extra_forbidden")
    found = [_fault(entry, model) for entry in entries]
    more = [f"and {len(found) - _MOST} more"] if len(found) > _MOST else []
    return "; ".join(found[:_MOST] + more)


def _fault(entry: Any, model: type[BaseModel]) -> str:
    *above, last = entry["loc"] or ("",)
    place = ".".join(filter(None, map(_step, entry["loc"])))
    start = f"{place}: " if place else ""
    if entry["type"] == "extra_forbidden":
        return f"{start}no such key, {_meant(str(last), _keys_at(model, above))}"
    said = entry["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return start + (_WORDS.get(entry["type"]) or said) + _instead(entry["type"], entry["input"])


def _meant(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {near[0]}?" if near else f"the keys here are {', '.join(known)}"


def _keys_at(model: type[BaseModel], place: Sequence[str | int]) -> list[str]:
    """List the valid keys at a path; keys of dictionaries and positions in lists are skipped."""
    for step in place:
        if step in (fields := _fields(model)):
            model = next(_models(fields[step]), model)
    return list(_fields(model))


def _fields(model: type[BaseModel]) -> Mapping[Any, Any]:
    """Return the type of every field, by the name that users write for it."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from _models(part)


def _step(step: str | int) -> str:
    """Return a key as it was written; a long or unprintable key is quoted and shortened."""
    text = str(step)
    return text if text.isprintable() and len(text) <= 60 else repr(text[:60])


def _instead(fault: str, value: Any) -> str:
    """Name the value that was found instead, if that helps the user to find the mistake."""
    if fault in _VALUE_SAYS_NOTHING or (type(value) in _COLLECTIONS and not fault.endswith("_type")):
        return ""
    return f", not {_COLLECTIONS.get(type(value)) or repr(value)[:60]}"
