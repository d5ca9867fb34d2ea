"""Safe reading of YAML into plain values, for recipes, data cards and `--set`.

A recipe or card may come from a stranger. So the reader creates only text, numbers, true, false, null, tuples
and mappings with text keys, and limits how much a file may expand to. Words are read by the rules of
YAML 1.2: `no` is text (it is also the code of Norwegian), `on` is text, a date is text, 3e-4 is a number.
"""

from __future__ import annotations

import difflib
import math
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from xling.errors import InputError

LARGEST = 2**20  # bytes in a file; the largest card that comes with xling has 42,000
MOST, DEEPEST = 100_000, 32  # values in a file, each use of an alias counted; levels of nesting

_NULL, _BOOL, _INT, _FLOAT, _TEXT = (
    f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str")
)
_NO_SIGN = re.compile("[\0\ud800-\udfff]")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
# the type of an unquoted word: the first match counts; anything else is text
_PLAIN = (
    (_NULL, re.compile(r"~|null|Null|NULL|")),
    (_BOOL, re.compile(r"true|True|TRUE|false|False|FALSE")),
    (_INT, re.compile(r"[-+]?[0-9]+")),
    (_FLOAT, _NUMBER),
)


def read_mapping(path: Path, what: str, *, keys: Collection[str] = ()) -> dict[str, Any]:
    """Read a file that holds one mapping; `what` names it in errors, such as "recipe" or "data card".

    keys: the keys that such a file may have.

    Raises InputError with file and line when the file does not exist, is not YAML, or is not a mapping, and
    when most of its keys are not even near these: it is another kind of file, and nothing of it is shown.
    """
    try:
        value = _value(_text(path, what))
    except yaml.YAMLError as error:
        problem, line = _fault(error)
        raise InputError(f"not YAML that xling reads: {problem}", where=path, line=line) from error
    if not isinstance(value, dict):
        raise InputError(f"a {what} is a mapping of keys to values", where=path, hint="write key: value")
    foreign = [key for key in value if not difflib.get_close_matches(key[:60], keys, n=1, cutoff=0.8)]
    if keys and 2 * len(foreign) > len(value):
        raise InputError(f"no {what}: most of its keys are none of a {what}'s", where=path, choices=keys)
    return value


def assignment(change: str, example: str) -> tuple[tuple[str, ...], Any]:
    """Split the text of `--set a.b=value` into the path of keys and the value, which is read as YAML.

    Raises InputError when the text has another form; `example` is then shown as the right one.
    """
    key, equals, text = change.partition("=")
    path = tuple(key.strip().split("."))
    if not equals or not all(path):
        raise InputError(f"{change!r} is not key=value", where="--set", hint=f"write --set {example}")
    try:
        return path, _value(text)
    except yaml.YAMLError as error:
        raise InputError(
            f"the value of {change!r} is not YAML: {_fault(error)[0]}",
            where="--set",
            hint=f"write --set {example}, or a text with signs of its own as --set '{key.strip()}=\"...\"'",
        ) from error


def put(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Set the value at a path of keys, and create missing mappings on the way.

    Raises InputError when a key on the path holds something other than a mapping.
    """
    *above, last = path
    for name in above:
        below = values.get(name, {})
        if not isinstance(below, Mapping):
            raise InputError(
                f"{name!r} of {'.'.join(path)!r} holds no keys", where="--set", hint=f"set {name} itself"
            )
        # copy first: with an alias, the same mapping is used in two places
        values[name] = dict(below)
        values = values[name]
    values[last] = value


class _Dumper(yaml.SafeDumper):
    """A dumper that also quotes texts which this file's reader, unlike YAML 1.1, reads as numbers."""


_Dumper.add_implicit_resolver(_FLOAT, re.compile(_NUMBER.pattern + "$"), list("-+.0123456789"))


def written(values: Mapping[str, Any]) -> str:
    """Write values as YAML text that `read_mapping` reads back to the same values."""
    return yaml.dump(
        dict(values), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
    )


def _text(path: Path, what: str) -> str:
    if not os.path.isfile(path):
        raise InputError(f"a {what} is a file, and here is none", where=path, hint="check the path")
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=path) from error
    if len(data) > LARGEST:
        raise InputError(f"larger than {LARGEST:,} bytes, which no {what} is", where=path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"not UTF-8: byte 0x{data[error.start]:02x}", where=path, line=line) from error


def _fault(error: yaml.YAMLError) -> tuple[str, int | None]:
    """Return what is wrong, and the line number if it is known."""
    mark = getattr(error, "problem_mark", None)
    return getattr(error, "problem", None) or str(error), mark.line + 1 if mark else None


def _value(text: str) -> Any:
    try:
        return _Reading(yaml.parse(text, Loader=yaml.SafeLoader)).document()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position)
        mark = yaml.Mark("", error.position, line, 0, None, 0)
        raise yaml.MarkedYAMLError(
            problem=f"the character U+{ord(text[error.position]):04X} has no place in it", problem_mark=mark
        ) from error


class _Reading:
    """Builds plain values from the events of PyYAML's parser; no constructor of PyYAML is called."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self.events = events
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.count = 0

    def document(self) -> Any:
        """Return the value of the only document; None when it is empty."""
        next(self.events)  # the stream's start
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return None
        value = self.value(next(self.events), 0)
        next(self.events)  # the document's end
        if not isinstance(second := next(self.events), yaml.StreamEndEvent):
            raise _wrong("a second document begins here; one file holds one", second)
        return value

    def value(self, event: yaml.Event, depth: int) -> Any:
        """Return the value that starts with this event."""
        if depth > DEEPEST:
            raise _wrong(f"nested more than {DEEPEST} levels deep", event)
        before, anchor = self.count, getattr(event, "anchor", None)
        if isinstance(event, yaml.AliasEvent):
            if anchor not in self.anchors:
                raise _wrong(f"the alias *{anchor} stands for nothing before it", event)
            value, size = self.anchors[anchor]
            self._take(size, event)
            return value
        self._take(1, event)
        if isinstance(event, yaml.ScalarEvent):
            value = _scalar(event)
        else:
            value = self._collection(event, depth)
        if anchor:
            self.anchors[anchor] = (value, self.count - before)
        return value

    def _take(self, size: int, event: yaml.Event) -> None:
        self.count += size
        if self.count > MOST:
            raise _wrong(f"more than {MOST:,} values, aliases counted each time", event)

    def _collection(self, event: yaml.Event, depth: int) -> tuple[Any, ...] | dict[str, Any]:
        tag = getattr(event, "tag", None)
        if isinstance(event, yaml.SequenceStartEvent):
            if tag not in (None, "!", "tag:yaml.org,2002:seq"):
                raise _wrong(f"lists with the tag {tag} are not read", event)
            return tuple(self.value(item, depth + 1) for item in self._until(yaml.SequenceEndEvent))
        if tag not in (None, "!", "tag:yaml.org,2002:map"):
            raise _wrong(f"mappings with the tag {tag} are not read", event)
        found: dict[str, Any] = {}
        below: dict[str, Any] = {}
        for key in self._until(yaml.MappingEndEvent):
            self._take(1, key)
            if not isinstance(key, yaml.ScalarEvent):
                raise _wrong("a key must be plain text", key)
            _check_signs(key)
            value = self.value(next(self.events), depth + 1)
            if key.value == "<<" and key.implicit[0]:
                below |= _merged(value, key)
            elif key.value in found:
                raise _wrong(f"the key {key.value[:60]!r} stands here a second time", key)
            else:
                found[key.value] = value
        return below | found

    def _until(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        while not isinstance(event := next(self.events), end):
            yield event


def _merged(value: Any, key: yaml.Event) -> dict[str, Any]:
    """Return the keys that `<<: *mapping` adds; in a list of mappings, earlier ones win."""
    merged: dict[str, Any] = {}
    for part in value if isinstance(value, tuple) else (value,):
        if not isinstance(part, dict):
            raise _wrong("<< takes a mapping, or a list of mappings", key)
        merged = part | merged
    return merged


def _check_signs(event: yaml.ScalarEvent) -> None:
    """Refuse half a surrogate pair and NUL, which escapes can make, and which no file or path can hold."""
    if found := _NO_SIGN.search(event.value):
        raise _wrong(f"the character U+{ord(found[0]):04X} has no place in it", event)


def _scalar(event: yaml.ScalarEvent) -> Any:
    _check_signs(event)
    text, tag = event.value, event.tag
    if tag in (None, "!"):
        plain = event.implicit[0] and tag is None
        tag = next((tag for tag, form in _PLAIN if plain and form.fullmatch(text)), _TEXT)
    if tag not in _VALUES:
        raise _wrong(f"values with the tag {tag} are not read", event)
    try:
        return _VALUES[tag](text)
    except (ValueError, KeyError, OverflowError) as error:
        raise _wrong(f"{text[:60]!r} cannot be read as a number, or as what its tag says", event) from error


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


_VALUES: Mapping[str, Callable[[str], Any]] = {
    _NULL: lambda text: None,
    _BOOL: lambda text: {"true": True, "false": False}[text.lower()],
    _INT: int,
    _FLOAT: _finite,
    _TEXT: str,
}


def _wrong(problem: str, event: yaml.Event) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
