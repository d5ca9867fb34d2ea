"""Finding and reading data cards: those that come with xling, and a user's own."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from xling.data.card_schema import ConllColumns, DataCard, Hub, Licence, Part, Portion
from xling.data.licences import strictest
from xling.data.table import Columns
from xling.errors import InputError

__all__ = ["DataCard", "cards_folder", "list_cards", "load_card", "strictest"]

_BY_PATH = ("files", "checksums", "counts")
_SECTIONS: Mapping[str, type[BaseModel]] = {
    "licence": Licence,
    "parts": Part,
    "columns": Columns,
    "conll": ConllColumns,
    "hub": Hub,
    "portions": Portion,
}


def cards_folder() -> Path:
    """Where the cards lie: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parents[1]
    beside = package.parent / "data_cards"
    return beside if beside.is_dir() else package / "_cards"


def list_cards() -> list[str]:
    """The names of all cards that come with xling, sorted."""
    return sorted(path.stem for path in cards_folder().glob("*.yaml"))


def load_card(name: str | Path) -> DataCard:
    """A card by name, or from a YAML file of your own; InputError tells every fault of it at once."""
    path = Path(name) if str(name).endswith((".yaml", ".yml")) else cards_folder() / f"{name}.yaml"
    values = _read(path, str(name))
    for key in _BY_PATH if "files" in values else ():
        values[key] = _from_folder(values.get(key), path.parent.absolute(), of_keys=key != "files")
    try:
        return DataCard.model_validate({"name": path.stem, **values})
    except ValidationError as error:
        raise InputError("; ".join(_faults(error)), where=path, hint="mend the card") from error


def _from_folder(section: Any, folder: Path, *, of_keys: bool) -> Any:
    """A section with whole paths; what is no mapping is left for the schema to refuse."""
    if not isinstance(section, dict):
        return section or {}
    if of_keys:
        return {os.path.normpath(folder / str(path)): value for path, value in section.items()}
    return {key: os.path.normpath(folder / str(path)) for key, path in section.items()}


def _read(path: Path, name: str) -> dict[str, Any]:
    if not path.is_file():
        near = difflib.get_close_matches(path.stem, list_cards(), n=3, cutoff=0.5)
        raise InputError(
            f"no data card is called {name!r}",
            where="data card",
            choices=near or list_cards(),
            hint="or give the path of a card of your own (.yaml)",
        )
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise InputError(
            f"not YAML: {getattr(error, 'problem', None) or error}",
            where=path,
            line=mark.line + 1 if mark else None,
        ) from error
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise InputError("a data card is a mapping of keys to values", where=path)
    return {key: _frozen(value) for key, value in values.items()}


def _frozen(value: Any) -> Any:
    """YAML lists as tuples: a strict model takes nothing else for them."""
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _faults(error: ValidationError) -> Iterator[str]:
    for fault in error.errors():
        place = [str(step) for step in fault["loc"]]
        if fault["type"] == "extra_forbidden":
            section = _SECTIONS.get(place[0], DataCard) if len(place) > 1 else DataCard
            near = difflib.get_close_matches(place[-1], section.model_fields, n=2)
            yield f"{'.'.join(place)}: no such key" + (
                f" (did you mean {' or '.join(near)}?)" if near else ""
            )
        elif fault["type"] == "missing":
            yield f"{'.'.join(place)}: is missing"
        else:
            yield f"{'.'.join(place) or 'card'}: {fault['msg'].removeprefix('Value error, ')}"
