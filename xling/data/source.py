"""From a data card to examples: from the data root, from the Hub, or from CLDR."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xling.data import cldr
from xling.data.card_schema import DataCard
from xling.data.checks import FileState, check
from xling.data.hub import read_hub
from xling.data.reading import Rows, file_checksum, read
from xling.errors import InputError
from xling.languages import parse

__all__ = ["DATA_ROOT", "FileState", "check", "checksum", "group_of", "load", "portion", "root_of"]

DATA_ROOT = "XLING_DATA"
_CLDR_SENTENCES = 4000


def load(card: DataCard, language: str, split: str, *, data_root: Path | None = None) -> list[Any]:
    """The examples of a language and split in file order (lines of text for a text card).

    A split that the card makes of a share of another has the examples of that share alone.
    data_root: a folder laid out as the cards say; the environment's `XLING_DATA` when not given;
    what is not there is asked of the Hub, where the card knows it.
    Raises InputError when the data is in neither place, or is faulty.
    """
    tag = parse(language)
    card.check_split(split)
    if card.format == "cldr":
        return list(_from_cldr(card, tag, split))
    own = card.portion(tag, split)
    if own is None:
        return _whole(card, tag, split, data_root)
    rows = _whole(card, tag, own.of, data_root)
    return [rows[number] for number in portion(list(map(group_of, rows)), (own.from_, own.to))]


def _whole(card: DataCard, tag: str, split: str, data_root: Path | None) -> Rows:
    """All that the file of a split holds, or the Hub's."""
    path = _local(card, tag, split, data_root)
    if path is not None:
        return list(read(card, path, language=tag))
    if card.hub is not None:
        try:
            return list(read_hub(card, card.hub, language=tag, split=split))
        except InputError as error:
            raise _nowhere(card, tag, split, data_root, str(error)) from error
    raise _nowhere(card, tag, split, data_root, "the Hub does not have it")


def checksum(card: DataCard, language: str, split: str, *, data_root: Path | None = None) -> str:
    """SHA-256 (64 hex digits) of the file that a language and split is read from, unpacked.

    For CLDR, of its names. Raises InputError where there is no such file.
    """
    tag = parse(language)
    card.check_split(split)
    if card.format == "cldr":
        names = json.dumps(cldr.names(tag, split), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(names.encode("utf-8")).hexdigest()
    own = card.portion(tag, split)
    split = split if own is None else own.of
    path = _local(card, tag, split, data_root)
    if path is None:
        raise _nowhere(card, tag, split, data_root, "only files at hand have a checksum")
    return file_checksum(path)


def root_of(data_root: Path | None) -> Path | None:
    """The folder of the data sets: as given, else the environment's `XLING_DATA`, else None."""
    chosen = os.environ.get(DATA_ROOT)
    return data_root or (Path(chosen) if chosen else None)


def _local(card: DataCard, language: str, split: str, data_root: Path | None) -> Path | None:
    """The file below the data root, packed or not; None where there is none."""
    relative, root = card.path(language, split), root_of(data_root)
    if not relative or (root is None and not Path(relative).is_absolute()):
        return None
    if root is not None and not root.is_dir():
        raise InputError(
            "no such folder", where=root, hint=f"give the data's folder by --data-root or {DATA_ROOT}"
        )
    path = (root or Path()) / relative  # a card of one's own has whole paths
    places = [path, path.with_name(f"{path.name}.gz")]
    return next((place for place in places if place.is_file() or path.is_dir()), None)


def _nowhere(card: DataCard, language: str, split: str, data_root: Path | None, reason: str) -> InputError:
    root, relative = root_of(data_root), card.path(language, split)
    at_hand = relative and (root or Path(relative).is_absolute())
    looked = f"{(root or Path()) / relative} is missing" if at_hand else "no data root is given"
    return InputError(
        f"{language} {split} is not at hand: {looked}, and {reason}",
        where=f"data card {card.name}",
        hint=f"get it from {card.source} and give its folder by --data-root or {DATA_ROOT}",
    )


def _from_cldr(card: DataCard, language: str, split: str) -> Rows:
    if card.task == "text":
        return cldr.text(language, split)
    return cldr.sentences(language, split, count=_CLDR_SENTENCES)


def portion(groups: Sequence[str], share: tuple[float, float]) -> list[int]:
    """The numbers of the examples whose group lies in a share of the distinct groups.

    groups: of each example. share: from and to, between 0 and 1, of the groups in the order in which they
    appear; a bound between two groups is rounded to the nearest, so that neighbouring shares neither
    overlap nor leave a group out.
    """
    places = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    first, end = (round(bound * len(places)) for bound in share)
    return [number for number, group in enumerate(groups) if first <= places[group] < end]


def group_of(example: Any) -> str:
    """The group in an example's id GROUP/NUMBER; an example without one, or a line, is its own."""
    return example if isinstance(example, str) else example.id.rpartition("/")[0] or example.id
