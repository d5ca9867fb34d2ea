"""Removing the pieces that a text does not use: the text is split as before, and the table is smaller."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from xling.bases.base import Base
from xling.vocabulary.pieces import Draft, describe, split
from xling.vocabulary.replacing import seat, special_pieces


def trim(base: Base, lines: Sequence[str]) -> Draft:
    """Keep the special pieces, the pieces that some lines use, and the single characters in these lines."""
    described = describe(base.tokenizer)
    model = described["model"]
    numbers = {number for row in split(base.tokenizer.backend_tokenizer, lines) for number in row}
    numbers |= {number for _, number in special_pieces(base)}
    letters = {letter for line in lines for letter in line}
    known = base.tokenizer.get_vocab()
    numbers |= {known[letter] for letter in letters if letter in known}
    kept = sorted(numbers | _needed(model, known, numbers))
    pieces = tuple(base.tokenizer.convert_ids_to_tokens(kept))
    scores = dict(map(tuple, model["vocab"])) if model["type"] == "Unigram" else {}
    seat(described, pieces, scores)
    if model["type"] == "BPE":
        model["merges"] = [[a, b] for a, b in _pairs(model) if {a, b, a + b} <= model["vocab"].keys()]
    return Draft(method="trim", tokenizer=json.dumps(described), pieces=pieces, kept=tuple(kept))


def _needed(model: dict[str, Any], known: dict[str, int], used: Collection[int]) -> set[int]:
    """Return the pieces that merges need on the way to the used pieces; only BPE has such pieces."""
    if model["type"] != "BPE":
        return set()
    sources: dict[str, list[str]] = {}
    for first, second in _pairs(model):
        sources.setdefault(first + second, []).extend((first, second))
    wanted = {number: piece for piece, number in known.items()}
    waiting = [wanted[number] for number in used]
    found: set[str] = set()
    while waiting:
        piece = waiting.pop()
        if piece not in found:
            found.add(piece)
            waiting += sources.get(piece, [])
    return {known[piece] for piece in found}


def _pairs(model: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the merges as pairs; older files write each as one text with a space."""
    pairs = (pair.split(" ") if isinstance(pair, str) else pair for pair in model["merges"])
    return [(first, second) for first, second in pairs]
