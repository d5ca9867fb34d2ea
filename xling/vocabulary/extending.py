"""New pieces beside the base's own, so that what it could read before it reads as before.

A protected text, such as the source language's, keeps its splits: pieces that it would be read with are
taken out again until none is left. Names are left to the base then: they travel, and what the protected
lines do not hold of them others of that language will.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from xling.bases.base import Base
from xling.bases.tokenizers import table_size
from xling.errors import InputError
from xling.vocabulary.learning import continue_merges
from xling.vocabulary.letters import script, scripts
from xling.vocabulary.pieces import Draft, Surface, algorithm, describe, split, surface
from xling.vocabulary.replacing import replace

_DEFAULT_MERGES, _SHARE = 4000, 0.1


@dataclass(frozen=True)
class Addition:
    """pieces: that could be added. model: the base's model as JSON with some of them added."""

    pieces: tuple[str, ...]
    model: Callable[[Sequence[str]], dict[str, Any]]


def extend(
    base: Base, lines: Sequence[str], size: int | None = None, *, protect: Sequence[str] = ()
) -> Draft:
    """Learn pieces on a text and add those that the base lacks.

    size: of the learned vocabulary, so at most so many are added; chosen by the text when None.
    protect: lines whose splits stay as they are. Raises InputError when the base has all pieces already.
    """
    described = describe(base.tokenizer)
    kind, own = algorithm(described), _own_scripts(lines)
    addition = _ADDITIONS[kind](base, described, lines, size)
    kept = tuple(range(table_size(base.tokenizer)))
    old = [piece or "" for piece in base.tokenizer.convert_ids_to_tokens(list(kept))]
    before = split(base.tokenizer.backend_tokenizer, protect)
    # other scripts' words, numbers and signs are others' too: pieces of them would cut their texts anew
    learned = {piece: surface(piece, kind) for piece in addition.pieces}
    names = _names(learned) if protect else set()
    new = [piece for piece, seen in learned.items() if _is_own(seen.text, own) and piece not in names]
    while new:
        described["model"] = addition.model(new)
        draft = Draft(method="extend", tokenizer=json.dumps(described), pieces=(*old, *new), kept=kept)
        intruders = _intruders(draft, before, protect)
        if not intruders:
            return draft
        new = [piece for piece in new if piece not in intruders]
    raise InputError(
        "nothing to add: the base has every piece of this text", where="--text", hint="take replace or trim"
    )


def _own_scripts(lines: Sequence[str]) -> set[str]:
    """The scripts that a text is written in, those of a word here and there aside."""
    found = scripts(lines)
    return {code for code, count in found.items() if count >= _SHARE * found.total()}


def _is_own(text: str, own: set[str]) -> bool:
    """Whether its letters are all of these scripts, and there is one, or a part of one."""
    found = {"" if letter == "\ufffd" else script(letter) for letter in text} - {None}
    return bool(found) and found <= own | {""}


def _names(learned: Mapping[str, Surface]) -> set[str]:
    """Pieces with capitals that were not learned without: neither letters nor words at a sentence's start.

    A word's start lacks its mark at the start of a line (RoBERTa) and behind a quote.
    """
    known = set(learned.values())
    return {
        piece
        for piece, seen in learned.items()
        if len(seen.text) > 1
        and (lower := seen.text.lower()) != seen.text
        and known.isdisjoint({Surface(lower, True), Surface(lower, seen.begins)})
    }


def _intruders(draft: Draft, before: Sequence[Sequence[int]], protect: Sequence[str]) -> set[str]:
    """New pieces in the protected lines that are split otherwise than before."""
    after = split(draft.opened(), protect) if protect else []
    changed = (row for row, old in zip(after, before, strict=True) if row != old)
    return {draft.pieces[number] for row in changed for number in row if number >= len(draft.kept)}


def _to_unigram(base: Base, described: Mapping[str, Any], lines: Sequence[str], size: int | None) -> Addition:
    model, learned = described["model"], replace(base, lines, size)
    vocab = [list(entry) for entry in model["vocab"]]
    for number in range(
        len(vocab), table_size(base.tokenizer)
    ):  # pieces that only the list of added ones has
        vocab.append([base.tokenizer.convert_ids_to_tokens(number), 0.0])
    own = {piece: score for piece, score in json.loads(learned.tokenizer)["model"]["vocab"]}
    theirs = {piece: score for piece, score in vocab}
    scores = _on_one_scale({piece: own[piece] for piece in learned.new}, theirs)
    worth = _costs(base.tokenizer.backend_tokenizer, model, scores)
    new = [piece for piece, score in scores.items() if piece not in theirs and score > worth[piece]]

    def model_with(pieces: Sequence[str]) -> dict[str, Any]:
        return {**model, "vocab": [*vocab, *([piece, scores[piece]] for piece in pieces)]}

    return Addition(tuple(new), model_with)


def _on_one_scale(own: Mapping[str, float], theirs: Mapping[str, float]) -> dict[str, float]:
    """Log probabilities of a text's own pieces, moved to where the base puts those that both have.

    None falls below the base's least one: from that the tokenizer takes what an unknown letter costs.
    """
    shared = [theirs[piece] - own[piece] for piece in own if piece in theirs]
    move = float(np.median(shared)) if shared else min(theirs.values()) - min(own.values())
    least = min(score for score in theirs.values())
    return {piece: max(score + move, least) for piece, score in own.items()}


def _costs(inner: Tokenizer, model: Mapping[str, Any], pieces: Mapping[str, float]) -> dict[str, float]:
    """The log probability of each piece as the base reads it now; unreadable letters cost most."""
    scores = [score for _, score in model["vocab"]]
    unknown, penalty = model["unk_id"], min(scores) - 10.0
    found = {}
    for piece in pieces:
        numbers = [token.id for token in inner.model.tokenize(piece)]
        found[piece] = sum(penalty if number == unknown else scores[number] for number in numbers)
    return found


def _to_wordpiece(
    base: Base, described: Mapping[str, Any], lines: Sequence[str], size: int | None
) -> Addition:
    model, known = described["model"], base.tokenizer.get_vocab()
    new = [piece for piece in replace(base, lines, size).new if piece not in known]

    def model_with(pieces: Sequence[str]) -> dict[str, Any]:
        return {**model, "vocab": _numbered(base, pieces)}

    return Addition(tuple(new), model_with)


def _to_merges(base: Base, described: Mapping[str, Any], lines: Sequence[str], size: int | None) -> Addition:
    model, known = described["model"], base.tokenizer.get_vocab()
    merges = continue_merges(base.tokenizer.backend_tokenizer, lines, size or _DEFAULT_MERGES)
    merges = {first + second: [first, second] for first, second in merges if first + second not in known}

    def model_with(pieces: Sequence[str]) -> dict[str, Any]:
        vocab = _numbered(base, pieces)
        added = [
            pair for piece, pair in merges.items() if piece in vocab and all(part in vocab for part in pair)
        ]
        return {**model, "vocab": vocab, "merges": [*model["merges"], *_as_written(added, model["merges"])]}

    return Addition(tuple(merges), model_with)


def _numbered(base: Base, new: Sequence[str]) -> dict[str, int]:
    """The base's pieces with their numbers, and new ones above the highest of these."""
    first = table_size(base.tokenizer)
    return base.tokenizer.get_vocab() | {piece: first + at for at, piece in enumerate(new)}


def _as_written(pairs: Sequence[list[str]], like: Sequence[Any]) -> list[Any]:
    """Merges in the file's own way: pairs, or one text with a space."""
    return [" ".join(pair) for pair in pairs] if like and isinstance(like[0], str) else list(pairs)


_ADDITIONS: Mapping[str, Callable[..., Addition]] = {
    "Unigram": _to_unigram,
    "WordPiece": _to_wordpiece,
    "BPE": _to_merges,
    "bytes": _to_merges,
}
