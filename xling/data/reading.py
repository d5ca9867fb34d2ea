"""One file in the format of its data card."""

from __future__ import annotations

import hashlib
from pathlib import Path

from xling.data.card_schema import DataCard
from xling.data.conll import read_conll
from xling.data.examples import LabelledText, TaggedSentence
from xling.data.opening import find, read_bytes
from xling.data.table import read_table
from xling.data.text import read_text

Rows = list[TaggedSentence] | list[LabelledText] | list[str]


def read(card: DataCard, path: Path, *, language: str) -> Rows:
    """One file in the card's format; InputError where its content is not that."""
    if card.format == "conll":
        return read_conll(path, language=language, layout=card.conll_layout())
    if card.format == "table":
        return read_table(path, language=language, columns=card.columns_of(language), labels=card.labels)
    return read_text([find(path)])


def file_checksum(path: Path) -> str:
    """SHA-256 of a file's content, unpacked."""
    return hashlib.sha256(read_bytes(path)).hexdigest()
