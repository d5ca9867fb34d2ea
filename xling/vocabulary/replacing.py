"""Replacing the base's tokenizer by one with a language's own pieces; special pieces and settings stay."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tokenizers import Tokenizer

from xling.bases.base import Base
from xling.errors import InputError
from xling.vocabulary.learning import SIZES, learn_model, learn_unigram, smallest_enough
from xling.vocabulary.pieces import Draft, describe, normalised, split


def replace(
    base: Base, lines: Sequence[str], size: int | None = None, *, normalizer: Mapping[str, Any] | None = None
) -> Draft:
    """Learn a tokenizer with the base's algorithm on a text.

    size: the number of pieces without the special ones. If None, it is the size after which larger ones
        hardly shorten the text.
    normalizer: the JSON of a normaliser that replaces the base's where that one would harm the script.
    Raises InputError for a text that is too small.
    """
    described = describe(base.tokenizer)
    if normalizer is not None:
        described["normalizer"] = dict(normalizer)
    if size is not None:
        return _replaced(base, described, lines, size)
    drafts: dict[int, Draft] = {}
    lengths: dict[int, int] = {}
    for size in SIZES:
        try:
            drafts[size] = _replaced(base, described, lines, size)
        except InputError:
            break
        lengths[size] = sum(map(len, split(drafts[size].opened(), lines)))
    if not drafts:
        raise InputError(
            f"the text is too small for {SIZES[0]} pieces", where="--text", hint="give more text, or --size"
        )
    return drafts[smallest_enough(lengths)]


def respelling(normalizer: Mapping[str, Any] | None, spellings: Mapping[str, str]) -> dict[str, Any]:
    """Return a normaliser's JSON, followed by the replacement of each string by another, in order.

    Orthographies without a settled standard write a word in several ways (Tamasheq in Tifinagh with and
    without its vowels and long consonants), so that words of a test text do not occur in the training text.
    """
    steps = [
        {"type": "Replace", "pattern": {"String": written}, "content": spelled}
        for written, spelled in spellings.items()
    ]
    return {"type": "Sequence", "normalizers": [*([dict(normalizer)] if normalizer else []), *steps]}


def _replaced(base: Base, described: Mapping[str, Any], lines: Sequence[str], size: int) -> Draft:
    special = special_pieces(base)
    names = [text for text, _ in special]
    changed = copy.deepcopy(dict(described))
    scores = {piece: score for piece, score in _learned(changed, lines, size) if piece not in names}
    pieces = (*names, *scores)
    seat(changed, pieces, scores)
    return Draft(
        method="replace",
        tokenizer=json.dumps(changed),
        pieces=pieces,
        kept=tuple(number for _, number in special),
    )


def _learned(described: dict[str, Any], lines: Sequence[str], size: int) -> Iterable[tuple[str, float]]:
    """Return the pieces learned on a text, with scores of 0 but for Unigram; merges are written in place."""
    model = described["model"]
    if model["type"] == "Unigram":
        whole = Tokenizer.from_str(json.dumps(described))
        return learn_unigram([normalised(whole, line) for line in lines], size)
    learned = learn_model(lines, size, described)
    if "merges" in model:
        model["merges"] = learned["merges"]
    return ((piece, 0.0) for piece in sorted(learned["vocab"], key=learned["vocab"].__getitem__))


def special_pieces(base: Base) -> list[tuple[str, int]]:
    """Return the base's special pieces and their numbers, in the order of the numbers."""
    numbers = sorted(set(base.tokenizer.all_special_ids))
    return [(base.tokenizer.convert_ids_to_tokens(number), number) for number in numbers]


def seat(described: dict[str, Any], pieces: Sequence[str], scores: Mapping[str, float]) -> None:
    """Give a tokenizer's JSON other pieces, numbered in this order, in place.

    scores: the log probabilities of the pieces of a Unigram model; a piece without one gets 0.
    """
    model, number = described["model"], {piece: at for at, piece in enumerate(pieces)}
    if model["type"] == "Unigram":
        unknown = model["vocab"][model["unk_id"]][0]
        model["vocab"] = [[piece, scores.get(piece, 0.0)] for piece in pieces]
        model["unk_id"] = number[unknown]
    else:
        model["vocab"] = number
    reseat(described, number)


def reseat(described: dict[str, Any], number: Mapping[str, int]) -> None:
    """Give the special pieces in a tokenizer's JSON their new numbers, in place."""
    added = [entry for entry in described["added_tokens"] if entry["content"] in number]
    described["added_tokens"] = sorted(
        ({**entry, "id": number[entry["content"]]} for entry in added), key=lambda entry: entry["id"]
    )
    _reseat(described.get("post_processor"), number)


def _reseat(processor: Any, number: Mapping[str, int]) -> None:
    if not isinstance(processor, dict):
        return
    for inner in processor.get("processors", ()):
        _reseat(inner, number)
    for entry in processor.get("special_tokens", {}).values():  # TemplateProcessing
        entry["ids"] = [number[text] for text in entry["tokens"]]
    for role in ("sep", "cls"):  # BertProcessing, RobertaProcessing
        if role in processor:
            processor[role] = [processor[role][0], number[processor[role][0]]]
