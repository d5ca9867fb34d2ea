"""Cutting texts at the end of a piece, before they are joined to a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def piece_counts(texts: Sequence[str], tokenizer: Any) -> list[int]:
    """The number of pieces of each text, special ones apart."""
    return [len(ids) for ids in tokenizer(list(texts), add_special_tokens=False)["input_ids"]]


def cut(texts: Sequence[str], rooms: Sequence[int], tokenizer: Any) -> list[str]:
    """Each text, or as much of its beginning as has no more pieces than its room.

    rooms: pieces, special ones apart; where there is no room, nothing is left. tokenizer: a fast one.
    """
    counts = piece_counts(texts, tokenizer)
    return [
        text if count <= room else _cut(text, room, tokenizer)
        for text, count, room in zip(texts, counts, rooms, strict=True)
    ]


def _cut(text: str, room: int, tokenizer: Any) -> str:
    """What is left can split into more pieces than it had in the whole: then one more is left out."""
    for kept in range(room, 0, -1):
        ends = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        shorter = text[: ends[kept - 1][1]]
        if piece_counts([shorter], tokenizer)[0] <= room:
            return shorter
    return ""
