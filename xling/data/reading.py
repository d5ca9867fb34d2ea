"""One file in the format of its data card."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from xling.data.card_schema import DataCard, Format
from xling.data.choices import read_choices
from xling.data.conll import read_conll
from xling.data.conllu import as_tagged, read_conllu
from xling.data.multi_label import read_multi_label
from xling.data.own_files import read_labelled
from xling.data.squad import read_squad
from xling.data.table import read_table
from xling.data.text import read_text
from xling.data.textfile import find, read_bytes
from xling.data.utterances import read_utterances

Rows = list[Any]  # examples of one type, or lines of text
Reader = Callable[[DataCard, Path, str], Rows]


def read(card: DataCard, path: Path, *, language: str) -> Rows:
    """One file in the card's format; InputError where its content is not that."""
    return _READERS[card.format](card, path, language)


def file_checksum(path: Path) -> str:
    """SHA-256 of a file's content, unpacked; of the lines of a folder of text."""
    content = "\n".join(read_text([path])).encode("utf-8") if path.is_dir() else read_bytes(path)
    return hashlib.sha256(content).hexdigest()


def _conll(card: DataCard, path: Path, language: str) -> Rows:
    return read_conll(path, language=language, layout=card.conll_layout())


def _conllu(card: DataCard, path: Path, language: str) -> Rows:
    if card.task == "pos":
        return as_tagged(read_conllu(path, language=language, gold=("tags",), labels=card.labels))
    return read_conllu(path, language=language, labels=card.labels)


def _table(card: DataCard, path: Path, language: str) -> Rows:
    reader = read_multi_label if card.task == "multi-label" else read_table
    return list(reader(path, language=language, columns=card.columns_of(language), labels=card.labels))


def _utterances(card: DataCard, path: Path, language: str) -> Rows:
    return list(read_utterances(path, language=language, labels=card.labels))


def _questions(card: DataCard, path: Path, language: str) -> Rows:
    return list(read_squad(path, language=language))


def _choices(card: DataCard, path: Path, language: str) -> Rows:
    return list(read_choices(path, language=language))


def _text(card: DataCard, path: Path, language: str) -> Rows:
    return read_text([path if path.is_dir() else find(path)])


def _own(card: DataCard, path: Path, language: str) -> Rows:
    return read_labelled(path, task=card.task, language=language)


_READERS: Mapping[Format, Reader] = {
    "conll": _conll,
    "conllu": _conllu,
    "xsid": _utterances,
    "table": _table,
    "text": _text,
    "squad": _questions,
    "choices": _choices,
    "own": _own,
}
