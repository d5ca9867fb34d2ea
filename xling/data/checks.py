"""Whether the files of a data card are at hand and what the card says: for `xling data check`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from xling.data.bio import OUTSIDE
from xling.data.card_schema import DataCard
from xling.data.examples import (
    Example,
    LabelledText,
    MultiLabelledText,
    ParsedSentence,
    TaggedSentence,
    Utterance,
)
from xling.data.reading import file_checksum, read
from xling.data.textfile import find
from xling.errors import InputError


@dataclass(frozen=True, kw_only=True)
class FileState:
    """One file of a card: `ok`, `missing`, or `changed` (other content than the card's checksum).

    expected, found: SHA-256 of the unpacked content. expected_count, found_count: examples.
    strange_labels: labels outside the card's set, with how often. problem: why it cannot be read.
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
    """Hold every file that a card has a checksum of against it, and read it; never raises for content."""
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
        rows = read(card, path, language=card.language_at(relative))
        count, strange = len(rows), _strange(rows, card.label_set)
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


def _strange(rows: Iterable[Example | str], allowed: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Labels (types of spans) outside the set, most frequent first; none where no set is given."""
    known = {OUTSIDE, *allowed}
    if len(known) == 1:
        return ()
    found: Counter[str] = Counter()
    for row in rows:
        found.update(_LABELS[type(row)](row) if type(row) in _LABELS else ())
    return tuple((label, times) for label, times in found.most_common() if label not in known)


def _types(tags: Sequence[str] | None) -> list[str]:
    """Of spans; tags of another scheme are types themselves."""
    return [tag[2:] if tag[:2] in ("B-", "I-") else tag for tag in tags or ()]


_LABELS: Mapping[type, Callable[[Any], Iterable[str]]] = {
    TaggedSentence: lambda row: _types(row.tags),
    ParsedSentence: lambda row: [relation.partition(":")[0] for relation in row.relations or ()],
    LabelledText: lambda row: [str(row.label)],
    MultiLabelledText: lambda row: row.labels or (),
    Utterance: lambda row: [*_types(row.tags), str(row.intent)],
}
