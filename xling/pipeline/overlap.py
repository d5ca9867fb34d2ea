"""Overlap of what is tested with what is learned from: the same texts, and translations of them.

Texts are compared in Unicode NFC and without white space, whatever their labels are, so that a tokenised
sentence equals the line that it was made from.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from xling.data.examples import Example, text_of
from xling.evaluation.results import OverlapRow
from xling.makers.stage import Data, Say, Stage

TESTED = ("dev", "test")
LEARNED = ("train", "dev", "text", "pairs")  # the dev data choose the best step of a training
_PASSAGES = ("tokens", "text", "pair", "context")  # the texts of an example that may stand in running text


class Place(NamedTuple):
    """What rows are used for (a purpose of a stage's data), the name of their card, and their language."""

    purpose: str
    card: str
    language: str


@dataclass(frozen=True, eq=False)
class Used:
    """Rows that are tested or learned from: examples, lines, or pairs of a line and its translation.

    id_space: the name of the set in which rows with one id are translations of each other; empty if none.
    """

    place: Place
    rows: Sequence[Any]
    id_space: str = ""


def overlap_of(stages: Iterable[Stage], say: Say) -> tuple[OverlapRow, ...]:
    """Return what the data of stages share, and say each finding in one line."""
    found = overlaps(*used_by(stages))
    for row in found:
        say(row.sentence)
    return found


def used_by(stages: Iterable[Stage]) -> tuple[list[Used], list[Used]]:
    """Return the data that stages are tested on, and the data that they learn from.

    The first data of a place are its test data: later ones are the same in another spelling.
    """
    tested: dict[Place, Used] = {}
    learned: dict[tuple[Place, str], Used] = {}
    for stage in stages:
        for role, data in stage.data.items():
            if isinstance(data, Data) and data.rows:
                own = Used(_place(stage, role, data), data.rows, data.id_space)
                if own.place.purpose in TESTED:
                    tested.setdefault(own.place, own)
                if own.place.purpose in LEARNED:
                    learned.setdefault((own.place, data.fingerprint), own)
    return list(tested.values()), list(learned.values())


def overlaps(tested: Sequence[Used], learned: Sequence[Used]) -> tuple[OverlapRow, ...]:
    """Count the tested examples that stand in learned data too, for each pair of places where any does.

    An example stands there if one of its texts, or all of them together, are a line, the first side of a pair
    or all the text of an example. Examples of another language with the same id are translations of it.
    """
    if not tested:
        return ()
    index = _index(tested)
    order = {own.place: number for number, own in enumerate(learned)}
    hits: dict[tuple[int, int, bool], set[int]] = defaultdict(set)
    for own in learned:
        for row in own.rows:
            for key in (_key(_whole(row)), *_shared_id(row, own)):
                for number, position in index.get(key, ()):
                    hits[number, order[own.place], isinstance(key, tuple)].add(position)
    found = (
        (tested[number], learned[place].place, translated, len(hits[number, place, translated]))
        for number, place, translated in sorted(hits)
    )
    return tuple(_row(*own) for own in found if _counts(*own[:3]))


def _index(tested: Sequence[Used]) -> dict[Any, list[tuple[int, int]]]:
    """Return the (number, position) of tested examples by their texts, and by their ids in a set."""
    index: dict[Any, list[tuple[int, int]]] = defaultdict(list)
    for number, own in enumerate(tested):
        for position, row in enumerate(own.rows):
            for key in {*map(_key, _texts(row)), *_shared_id(row, own)}:
                index[key].append((number, position))
    index.pop("", None)
    return index


def _counts(own: Used, other: Place, translated: bool) -> bool:
    """Return whether it tells something that the two share examples."""
    return own.place.language != other.language if translated else own.place != other


def _row(own: Used, other: Place, translated: bool, shared: int) -> OverlapRow:
    return OverlapRow(
        **own.place._asdict(),
        examples=len(own.rows),
        shared=shared,
        translated=translated,
        other=other.purpose,
        other_card=other.card,
        other_language=other.language,
    )


def _key(text: str) -> str:
    return unicodedata.normalize("NFC", "".join(text.split()))


def _whole(row: Any) -> str:
    """Return a line, the first side of a pair, or all the text of an example."""
    return row if isinstance(row, str) else row[0] if isinstance(row, tuple) else text_of(row)


def _texts(example: Example) -> list[str]:
    """Return the texts of an example that may stand in running text, and all of its text."""
    found = (getattr(example, name, None) or () for name in _PASSAGES)
    return [text_of(example), *(own if isinstance(own, str) else " ".join(own) for own in found)]


def _shared_id(row: Any, own: Used) -> tuple[tuple[str, str], ...]:
    """Return the id of an example with the set that it is from, if its translations have the same id."""
    return ((own.id_space, row.id),) if own.id_space and not isinstance(row, (str, tuple)) else ()


def _place(stage: Stage, role: str, data: Data) -> Place:
    purpose, _, tag = role.partition("/")
    return Place(purpose, data.card, getattr(data.rows[0], "language", tag or stage.language))
