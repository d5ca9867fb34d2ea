"""Splits made of parts of other splits, whole groups (documents, articles) at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


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
