"""Finding and reading data cards, those that come with xling and those of users."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from xling.corpora.card import DataCard
from xling.corpora.licences import strictest
from xling.errors import InputError
from xling.faults import faults
from xling.plain_yaml import read_mapping

__all__ = ["DataCard", "cards_folder", "list_cards", "load_card", "strictest"]

CARD_ENDINGS = (".yaml", ".yml")
_BY_PATH = ("files", "checksums", "counts")


def cards_folder() -> Path:
    """Return the folder of the cards: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parents[1]
    beside = package.parent / "data_cards"
    return beside if beside.is_dir() else package / "_cards"


def list_cards() -> list[str]:
    """Return the names of all cards that come with xling, sorted."""
    return sorted(path.stem for path in cards_folder().glob("*.yaml"))


def load_card(name: str | Path) -> DataCard:
    """Load a card by name, or from a user's YAML file. Raises InputError listing all its faults at once."""
    path = Path(name) if str(name).endswith(CARD_ENDINGS) else cards_folder() / f"{name}.yaml"
    return card_of(_read(path, str(name)), path)


def card_of(values: dict[str, Any], path: Path) -> DataCard:
    """Return the card of these values, which stand or will stand in a file at `path`.

    Raises InputError listing all its faults at once.
    """
    values = dict(values)
    for key in _BY_PATH if "files" in values else ():
        values[key] = _from_folder(values.get(key), path.parent.absolute(), of_keys=key != "files")
    try:
        return DataCard.model_validate({"name": path.stem, **values})
    except ValidationError as error:
        raise InputError(faults(error, DataCard), where=path, hint="mend the card") from error


def _from_folder(section: Any, folder: Path, *, of_keys: bool) -> Any:
    """Return a section with absolute paths; anything but a mapping is left for the schema to refuse."""
    if not isinstance(section, dict):
        return section or {}
    if of_keys:
        return {os.path.normpath(folder / str(path)): value for path, value in section.items()}
    return {key: os.path.normpath(folder / str(path)) for key, path in section.items()}


def _read(path: Path, name: str) -> dict[str, Any]:
    if not os.path.lexists(path):
        near = difflib.get_close_matches(path.stem, list_cards(), n=3, cutoff=0.5)
        raise InputError(
            f"no data card is called {name!r}",
            where="data card",
            choices=near or list_cards(),
            hint="or give the path of a card of your own (.yaml)",
        )
    return read_mapping(path, "data card", keys=DataCard.model_fields)
