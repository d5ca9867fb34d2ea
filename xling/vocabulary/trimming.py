"""Removing the pieces that a text does not use: the text is split as before, and the table is smaller."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from typing import Any

from xling.bases.base import Base
from xling.vocabulary.pieces import Draft, describe, split
from xling.vocabulary.replacing import reseat, special_pieces


def trim(base: Base, lines: Sequence[str]) -> Draft:
    """Keep the special pieces, the pieces that some lines use, and the single characters in these lines."""
    described = describe(base.tokenizer)
    inner = base.tokenizer.backend_tokenizer
    numbers = {number for row in split(inner, lines) for number in row}
    numbers |= {number for _, number in special_pieces(base)}
    letters = {letter for line in lines for letter in line}
    known = base.tokenizer.get_vocab()
    numbers |= {known[letter] for letter in letters if letter in known}
    kept = sorted(numbers | _needed(described["model"], known, numbers))
    pieces = tuple(base.tokenizer.convert_ids_to_tokens(kept))
    number = {piece: place for place, piece in enumerate(pieces)}
    _MODELS[described["model"]["type"]](described["model"], pieces)
    reseat(described, number)
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


def _trim_unigram(model: dict[str, Any], pieces: Sequence[str]) -> None:
    scores = dict(map(tuple, model["vocab"]))
    unknown = model["vocab"][model["unk_id"]][0]
    model["vocab"] = [[piece, scores.get(piece, 0.0)] for piece in pieces]
    model["unk_id"] = pieces.index(unknown)


def _trim_wordpiece(model: dict[str, Any], pieces: Sequence[str]) -> None:
    model["vocab"] = {piece: number for number, piece in enumerate(pieces)}


def _trim_bpe(model: dict[str, Any], pieces: Sequence[str]) -> None:
    _trim_wordpiece(model, pieces)
    kept = set(pieces)
    pairs = _pairs(model)
    model["merges"] = [[a, b] for a, b in pairs if a in kept and b in kept and a + b in kept]


_Trim = Callable[[dict[str, Any], Sequence[str]], None]
_MODELS: dict[str, _Trim] = {"Unigram": _trim_unigram, "WordPiece": _trim_wordpiece, "BPE": _trim_bpe}
