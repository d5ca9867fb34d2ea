"""What a value of the wrong form is told, the same words wherever it was written."""

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
    """All faults of a value that is no `model`, in one line: the place, what is wrong, the nearest key."""
    # a misspelt key first: it tells why another is missing
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
    """The keys of the section at a place; the keys of dictionaries and numbers in lists are passed over."""
    for step in place:
        if step in (fields := _fields(model)):
            model = next(_models(fields[step]), model)
    return list(_fields(model))


def _fields(model: type[BaseModel]) -> Mapping[Any, Any]:
    """The type of every field, by the name that is written."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from _models(part)


def _step(step: str | int) -> str:
    """A key as it was written; a long or unprintable one in quotes, cut."""
    text = str(step)
    return text if text.isprintable() and len(text) <= 60 else repr(text[:60])


def _instead(fault: str, value: Any) -> str:
    """What stands there, where saying so helps: a value, or a collection in the place of one."""
    if fault in _VALUE_SAYS_NOTHING or (type(value) in _COLLECTIONS and not fault.endswith("_type")):
        return ""
    return f", not {_COLLECTIONS.get(type(value)) or repr(value)[:60]}"
