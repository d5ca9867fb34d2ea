"""Reading recipes: YAML files with `include` and `--set key=value`, and all faults in one line."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from xling.errors import InputError
from xling.faults import faults
from xling.pipeline.recipe import Recipe
from xling.plain_yaml import DEEPEST, assignment, put, read_mapping
from xling.printable import shown


def load_recipe(path: str | Path, changes: Sequence[str] = ()) -> Recipe:
    """Read a recipe. Files named under `include` give the values that the recipe does not set itself.

    path: a file, or the name of a recipe that comes with xling, such as `quickstart` or `swh/ner`.
    changes: `key=value` texts with dotted keys and YAML values, which are applied last.

    Raises InputError that names the file, every misspelt key and the nearest correct one.
    """
    path = _found(Path(path))
    values = dict(_with_includes(path, _Reading(_home_of(path))))
    for change in changes:
        put(values, *assignment(change, "task.train.count=500"))
    above = path.parent.name
    values.setdefault("name", f"{above}-{path.stem}" if above.strip(".") else path.stem)
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        raise InputError(faults(error, Recipe), where=path) from error


def packaged_recipe(name: str) -> dict[str, Any]:
    """Return the values of a recipe that comes with xling, with its includes resolved.

    name: its path below `recipes/`.
    """
    return _with_includes(_packaged() / name, _Reading(_packaged()))


@dataclass
class _Reading:
    """The reading of one recipe with what it includes.

    home: the folder that includes stay in; xling's own recipes may be included too.
    known: the values of files that are already read, by absolute path, so that each is read once.
    """

    home: Path
    known: dict[str, dict[str, Any]] = field(default_factory=dict)

    def check_home(self, path: Path, above: str) -> None:
        """Raise InputError when an included file lies elsewhere; links are followed first."""
        real = Path(os.path.realpath(path))
        if not any(real.is_relative_to(os.path.realpath(home)) for home in (self.home, _packaged())):
            raise InputError(
                f"includes {shown(str(path))}, outside of {self.home}",
                where=above,
                hint="includes lie at most one folder above the recipe's own, or come with xling",
            )


def _home_of(path: Path) -> Path:
    """Return the folder above a recipe's own, or its own where the one above is the root of all files."""
    own = path.absolute().parent
    return own if own.parent == own.parent.parent else own.parent


def _packaged() -> Path:
    """Return the folder of xling's recipes, which is beside the package in a checkout, else inside it."""
    package = Path(__file__).resolve().parents[1]
    beside = package.parent / "recipes"
    return beside if beside.is_dir() else package / "_recipes"


def _found(path: Path) -> Path:
    """Return the path itself, or the file of the recipe with that name that comes with xling."""
    named = _packaged() / path.with_name(f"{path.name.removesuffix('.yaml')}.yaml")
    return named if not os.path.lexists(path) and os.path.isfile(named) else path


def _with_includes(path: Path, reading: _Reading, above: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the values of a recipe merged with those of the files that it includes.

    above: the absolute paths of the files that include it.
    """
    whole, known = os.path.abspath(path), reading.known
    if whole in above:
        raise InputError("includes itself", where=path)
    if len(above) > DEEPEST:
        raise InputError(f"includes stand more than {DEEPEST} deep", where=path)
    if above:
        reading.check_home(path, above[-1])
    if whole not in known:
        values = _near(_read(path), path.parent)
        merged: dict[str, Any] = {}
        for name in _included(values.pop("include", ()), path):
            merged = _merge(merged, _with_includes(path.parent / name, reading, (*above, whole)))
        known[whole] = _merge(merged, values)
    return known[whole]


def _included(names: Any, path: Path) -> tuple[str, ...]:
    """Return the files that a recipe includes.

    Raises InputError for files that are not YAML by their names.
    """
    found = (names,) if isinstance(names, str) else names
    if not isinstance(found, tuple) or not all(str(name).endswith((".yaml", ".yml")) for name in found):
        raise InputError(
            f"include: {shown(names)} is no recipe",
            where=path,
            hint="write include: other.yaml, or a list of such files",
        )
    return tuple(map(str, found))


def _near(value: Any, folder: Path) -> Any:
    """Return the values with absolute paths to a user's own cards.

    A recipe names these relative to its own folder.
    """
    if isinstance(value, tuple):
        return tuple(_near(item, folder) for item in value)
    if not isinstance(value, dict):
        return value
    found = {key: _near(item, folder) for key, item in value.items()}
    card = found.get("card")
    if isinstance(card, str) and card.endswith(".yaml"):
        found["card"] = os.path.normpath(folder.absolute() / card)
    return found


def _read(path: Path) -> dict[str, Any]:
    if not os.path.lexists(path):
        near = [str(p) for p in path.parent.glob("*.yaml")] if os.path.isdir(path.parent) else []
        known = sorted(
            p.relative_to(_packaged()).with_suffix("").as_posix() for p in _packaged().rglob("*.yaml")
        )
        near = near or difflib.get_close_matches(str(path.with_suffix("")), known, n=4)
        raise InputError(
            "no such recipe", where=path, choices=near[:8], hint="write one with xling recipe new"
        )
    return read_mapping(path, "recipe", keys=(*Recipe.model_fields, "include"))


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merge(merged[key], value) if both else value
    return merged
