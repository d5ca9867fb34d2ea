"""Comparing the files of a data card with its checksums, counts and labels, for `xling data check`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from xling.corpora.card import TEXT, DataCard
from xling.corpora.source import file_checksum, read_card, task_of
from xling.data.bio import OUTSIDE
from xling.data.textfile import find
from xling.errors import InputError


@dataclass(frozen=True, kw_only=True)
class FileState:
    """The state of one file: `ok`, `missing`, or `changed` if its checksum differs from the card's.

    expected, found: SHA-256 of the unpacked content, by the card and by the file.
    expected_count, found_count: the number of examples, by the card and by the file.
    strange_labels: labels that are not in the card's label set, with their frequencies.
    problem: why the file cannot be read.
    """

    path: str
    state: Literal["ok", "missing", "changed"]
    expected: str
    found: str | None = None
    expected_count: int | None = None
    found_count: int | None = None
    strange_labels: tuple[tuple[str, int], ...] = ()
    problem: str | None = None


def check(card: DataCard, data_root: Path) -> list[FileState]:
    """Compare every file with a checksum in the card with what the card says of it.

    Faulty content is reported in the result; it never raises.
    """
    return [_state(card, data_root, relative) for relative in sorted(card.checksums)]


def _state(card: DataCard, data_root: Path, relative: str) -> FileState:
    expected, expected_count = card.checksums[relative], card.counts.get(relative)
    try:
        path = data_root / relative
        path = path if path.is_dir() else find(path)
        found = file_checksum(path)
    except InputError as error:
        return FileState(
            path=relative,
            state="missing",
            expected=expected,
            expected_count=expected_count,
            problem=error.problem,
        )
    count, strange, problem = None, (), None
    try:
        rows = read_card(card, path, language=card.language_at(relative))
        count, strange = len(rows), _strange(card, rows)
    except InputError as error:
        problem = str(error)
    return FileState(
        path=relative,
        state="ok" if found == expected else "changed",
        expected=expected,
        found=found,
        expected_count=expected_count,
        found_count=count,
        strange_labels=strange,
        problem=problem,
    )


def _strange(card: DataCard, rows: Iterable[Any]) -> tuple[tuple[str, int], ...]:
    """Return labels (or types of spans) that are not in the card's label set, most frequent first.

    The result is empty for a card without a label set.
    """
    if not card.label_set or card.task == TEXT:
        return ()
    task, known = task_of(card), {OUTSIDE, *card.label_set}
    found = Counter(label for row in rows for label in task.label_names(row))
    return tuple((label, times) for label, times in found.most_common() if label not in known)
