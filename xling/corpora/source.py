"""Loading the examples of a data card: from the data root, from the Hub, or from CLDR."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xling.corpora.card import PARALLEL, TEXT, DataCard, Hub
from xling.corpora.hub import hub_rows
from xling.data import checksums, cldr
from xling.data.rows import JSON_ENDINGS, table_format
from xling.data.text import read_text
from xling.data.textfile import ending, find
from xling.errors import InputError
from xling.languages import parse
from xling.modules.facts import Descent
from xling.tasks.reading import Reading, ReadsExamples, format_in, read_file, read_records
from xling.tasks.registry import task_named

DATA_ROOT = "XLING_DATA"
Rows = list[Any]  # examples of one type, or lines of text
_CLDR_SENTENCES = 4000


def load(card: DataCard, language: str, split: str, *, data_root: Path | None = None) -> list[Any]:
    """Load the examples of a language and split in file order; a text card gives lines of text.

    If the card defines the split as a share of another one, only the examples of that share are returned.
    data_root: a folder laid out as the cards say; by default the environment variable `XLING_DATA`. Data that
        is not there is loaded from the Hub if the card says where.
    Raises InputError when the data is in neither place or is faulty.
    """
    tag = parse(language)
    card.check_split(split)
    if card.format == "cldr":
        return list(_from_cldr(card, tag, split))
    own = card.portion(tag, split)
    if own is None:
        return _whole(card, tag, split, data_root)
    rows = _whole(card, tag, own.of, data_root)
    return [rows[number] for number in own.chosen(list(map(group_of, rows)))]


def read_card(card: DataCard, path: Path, *, language: str) -> Rows:
    """Read one file in the card's format. Raises InputError when its content does not have that format."""
    if card.task == TEXT:
        return read_text([path if path.is_dir() else find(path)])
    task, usual = task_of(card), card.format in ("own", "xsid")
    how = Reading(
        where=path,
        language=language,
        format=_format(card, task, path),
        labels=card.labels,
        columns=None if usual else card.columns_of(language),
        layout=card.conll if card.format == "conll" else None,
    )
    return read_file(task, how)


def read_hub(card: DataCard, hub: Hub, *, language: str, split: str) -> Rows:
    """Read the examples of a language and split from the Hub.

    Raises InputError when columns are missing or hold values of another kind.
    """
    rows, columns = hub_rows(card, hub, language=language, split=split), hub.row_columns()
    if card.task != TEXT:
        how = Reading(where=hub.id, language=language, labels=card.labels, columns=columns)
        return read_records(task_of(card), rows, how)
    texts = []
    for row in rows:
        row.require([columns.text])
        texts.append(" ".join(row.text(columns.text).split()))
    return list(filter(None, texts))


def pairs_in(rows: Sequence[Any]) -> list[tuple[str, str]]:
    """Return the sentences of rows of parallel text with their translations."""
    return [(row.text, row.pair) for row in rows if row.pair is not None]


def task_of(card: DataCard) -> ReadsExamples:
    """Return the task whose examples a card holds; translations are read as pairs of texts."""
    return task_named(
        "classification" if card.task == PARALLEL else card.task, where=f"data card {card.name}"
    )


def file_checksum(path: Path) -> str:
    """Return the SHA-256 of the unpacked content of a file, or of the lines of a folder of text."""
    if path.is_dir():
        return hashlib.sha256("\n".join(read_text([path])).encode("utf-8")).hexdigest()
    return checksums.file_checksum(path)


def _whole(card: DataCard, tag: str, split: str, data_root: Path | None) -> Rows:
    """Return all examples of a split's file, or else of the split on the Hub."""
    path = _local(card, tag, split, data_root)
    if path is not None:
        return read_card(card, path, language=tag)
    if card.hub is not None:
        try:
            return read_hub(card, card.hub, language=tag, split=split)
        except InputError as error:
            raise _nowhere(card, tag, split, data_root, str(error)) from error
    raise _nowhere(card, tag, split, data_root, "the Hub does not have it")


def checksum(card: DataCard, language: str, split: str, *, data_root: Path | None = None) -> str:
    """Return the SHA-256 (64 hex digits) of the unpacked file that holds a language and split.

    For CLDR, it is the SHA-256 of the names. Raises InputError when there is no such file.
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


def descent(card: DataCard, language: str, split: str, *, data_root: Path | None = None) -> Descent:
    """Return what a language and split descend from: the card, its files at hand, and what the card says.

    Data of the Hub or of CLDR have no files.
    """
    path = file_of(card, language, split, data_root=data_root)
    files = Descent.of(files=checksums.checksums([path] if path else []), cards=[card.name])
    return Descent.joined((files, card.made_from.descent))


def file_of(card: DataCard, language: str, split: str, *, data_root: Path | None = None) -> Path | None:
    """Return the file at hand that holds a language and split, or None for those of the Hub or of CLDR."""
    tag = parse(language)
    own = card.portion(tag, split)
    return _local(card, tag, split if own is None else own.of, data_root) if card.format != "cldr" else None


def root_of(data_root: Path | None) -> Path | None:
    """Return the data root: the given one, else the environment variable `XLING_DATA`, else None."""
    chosen = os.environ.get(DATA_ROOT)
    return data_root or (Path(chosen) if chosen else None)


def _local(card: DataCard, language: str, split: str, data_root: Path | None) -> Path | None:
    """Return the path of a file below the data root, packed or not, or None if there is none."""
    relative, root = card.path(language, split), root_of(data_root)
    if not relative or (root is None and not Path(relative).is_absolute()):
        return None
    if root is not None and not root.is_dir():
        raise InputError(
            "no such folder", where=root, hint=f"give the data's folder by --data-root or {DATA_ROOT}"
        )
    path = (root or Path()) / relative  # the paths of a user's card are absolute
    places = [path, path.with_name(f"{path.name}.gz")]
    return next((place for place in places if os.path.isfile(place) or os.path.isdir(path)), None)


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
    if card.task == TEXT:
        return cldr.text(language, split)
    if card.task == PARALLEL:
        lists = card.layout == "lists"
        return cldr.translated_lists(language, split) if lists else cldr.translations(language, split)
    return cldr.sentences(language, split, count=_CLDR_SENTENCES)


def _format(card: DataCard, task: ReadsExamples, path: Path) -> str:
    """Return the card's format as a name that `xling.data.formats` uses, given a file's ending."""
    if card.format == "own":
        return format_in(task, path)
    if card.format in ("table", "choices"):
        return table_format(path)
    if card.format == "squad":
        return "jsonl" if ending(path) in (".jsonl", ".ndjson") else "json"
    if card.format == "xsid":
        return "jsonl" if ending(path) in JSON_ENDINGS else "conll"
    return card.format


def group_of(example: Any) -> str:
    """Return the group in an id GROUP/NUMBER. An example without one, or a line, is a group of its own."""
    return example if isinstance(example, str) else example.id.rpartition("/")[0] or example.id
