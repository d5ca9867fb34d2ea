"""Reading recipes: YAML with `include`, `--set key=value`, and all faults in one line."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from xling.config.recipe import Recipe
from xling.errors import InputError


def load_recipe(path: str | Path, changes: Sequence[str] = ()) -> Recipe:
    """Read a recipe; `include: FILE` (or a list) fills in what it does not say itself.

    changes: `key=value` with dotted keys and YAML values, applied last.
    Raises InputError that names the file, every misspelt key and the nearest right one.
    """
    path = Path(path)
    values = _with_includes(path, ())
    for change in changes:
        _set(values, change)
    values.setdefault("name", "-".join([*path.parent.parts[-1:], path.stem]))
    try:
        return Recipe.model_validate(_tuples(values))
    except ValidationError as error:
        faults = "; ".join(_fault(entry) for entry in error.errors())
        raise InputError(faults, where=path) from error


def packaged_recipe(name: str) -> dict[str, Any]:
    """The values of a recipe that comes with xling, by its path below `recipes/`, its includes filled in."""
    package = Path(__file__).resolve().parents[1]
    beside = package.parent / "recipes"
    return _with_includes((beside if beside.is_dir() else package / "_recipes") / name, ())


def _with_includes(path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    if path.resolve() in above:
        raise InputError("includes itself", where=path)
    values = _near(_read(path), path.parent)
    included = values.pop("include", [])
    merged: dict[str, Any] = {}
    for name in [included] if isinstance(included, str) else included:
        merged = _merge(merged, _with_includes(path.parent / name, (*above, path.resolve())))
    return _merge(merged, values)


class _Loader(yaml.SafeLoader):
    """YAML 1.1, and numbers such as 1e-4, which it takes for text."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def _parsed(text: str) -> Any:
    return yaml.load(text, Loader=_Loader)


def _near(value: Any, folder: Path) -> Any:
    """Cards of one's own (.yaml) by whole paths: a recipe names them from its own folder."""
    if isinstance(value, list):
        return [_near(item, folder) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _near(item, folder) for key, item in value.items()}
    card = found.get("card")
    if isinstance(card, str) and card.endswith(".yaml"):
        found["card"] = os.path.normpath(folder.absolute() / card)
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        values = _parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        near = [str(p) for p in path.parent.glob("*.yaml")] if path.parent.is_dir() else []
        raise InputError(
            "no such recipe", where=path, choices=near[:8], hint="write one with xling recipe new"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 (byte {error.start})", where=path) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not YAML"
        raise InputError(str(problem), where=path, line=mark.line + 1 if mark else None) from error
    if not isinstance(values, dict):
        raise InputError("a recipe is a mapping of keys to values", where=path)
    return values


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _set(values: dict[str, Any], change: str) -> None:
    key, equals, text = change.partition("=")
    if not equals:
        raise InputError(
            f"{change!r} is not key=value", where="--set", hint="write --set task.train.count=500"
        )
    *path, last = key.strip().split(".")
    section = values
    for name in path:
        below = section.get(name, {})
        if not isinstance(below, dict):
            raise InputError(f"{name!r} of {key!r} holds no keys", where="--set")
        # a copy: YAML aliases make one mapping stand in two places
        section[name] = dict(below)
        section = section[name]
    section[last] = _parsed(text)


def _tuples(value: Any) -> Any:
    """YAML has lists where the schema has tuples."""
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _fault(entry: Any) -> str:
    place = ".".join(map(str, entry["loc"]))
    if entry["type"] != "extra_forbidden":
        return f"{place}: {entry['msg'].removeprefix('Value error, ')}"
    known = _keys_at(entry["loc"][:-1])
    near = difflib.get_close_matches(str(entry["loc"][-1]), known, n=1)
    meant = f"did you mean {near[0]}?" if near else f"the keys here are {', '.join(known)}"
    return f"{place}: no such key, {meant}"


def _keys_at(place: Sequence[str | int]) -> list[str]:
    model: type[BaseModel] = Recipe
    for name in place:
        field = model.model_fields.get(str(name))
        kinds = [field.annotation, *getattr(field.annotation, "__args__", ())] if field else []
        found = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if not found:
            return []
        model = found[0]
    return list(model.model_fields)
