"""Adding new pieces to the base's own pieces, while keeping the splits of protected lines.

Protected lines, such as text of the source language, must be split as before: new pieces that occur in their
splits are removed again until none is left. Names are not added in this case either: they occur in texts of
many languages, and the protected lines contain only some of them.
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
    """Pieces that can be added to a base.

    pieces: the candidates.
    model: a function that returns the base's model as JSON with some of the candidates added.
    """

    pieces: tuple[str, ...]
    model: Callable[[Sequence[str]], dict[str, Any]]


def extend(
    base: Base, lines: Sequence[str], size: int | None = None, *, protect: Sequence[str] = ()
) -> Draft:
    """Learn pieces on a text and add those that the base lacks.

    size: the size of the learned vocabulary, which limits how many pieces are added; chosen by the text if
        None.
    protect: lines whose splits must not change.
    Raises InputError when the base already has all pieces.
    """
    described = describe(base.tokenizer)
    kind, own = algorithm(described), _own_scripts(lines)
    addition = _ADDITIONS[kind](base, described, lines, size)
    kept = tuple(range(table_size(base.tokenizer)))
    old = [piece or "" for piece in base.tokenizer.convert_ids_to_tokens(list(kept))]
    before = split(base.tokenizer.backend_tokenizer, protect)
    # numbers, signs and words in other scripts also occur in other languages, whose splits must not change
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
    """Return the scripts that a text is written in, without those of a few foreign words."""
    found = scripts(lines)
    return {code for code, count in found.items() if count >= _SHARE * found.total()}


def _is_own(text: str, own: set[str]) -> bool:
    """Return whether a text has letters (or parts of letters) and all of them are in these scripts."""
    found = {"" if letter == "\ufffd" else script(letter) for letter in text} - {None}
    return bool(found) and found <= own | {""}


def _names(learned: Mapping[str, Surface]) -> set[str]:
    """Return the pieces with capitals whose lower-case form was not learned; single letters are no names.

    The lower-case form may also be one that begins a word, because a word at the start of a line (RoBERTa) or
    after a quotation mark lacks the word-start mark.
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
    """Return the new pieces that change the splits of the protected lines."""
    after = split(draft.opened(), protect) if protect else []
    changed = (row for row, old in zip(after, before, strict=True) if row != old)
    return {draft.pieces[number] for row in changed for number in row if number >= len(draft.kept)}


def _to_unigram(base: Base, described: Mapping[str, Any], lines: Sequence[str], size: int | None) -> Addition:
    model, learned = described["model"], replace(base, lines, size)
    added = range(len(model["vocab"]), table_size(base.tokenizer))  # pieces that the model does not have
    vocab = [*model["vocab"], *([base.tokenizer.convert_ids_to_tokens(number), 0.0] for number in added)]
    own = {piece: score for piece, score in json.loads(learned.tokenizer)["model"]["vocab"]}
    theirs = {piece: score for piece, score in vocab}
    scores = _on_one_scale({piece: own[piece] for piece in learned.new}, theirs)
    worth = _costs(base.tokenizer.backend_tokenizer, model, scores)
    new = [piece for piece, score in scores.items() if piece not in theirs and score > worth[piece]]

    def model_with(pieces: Sequence[str]) -> dict[str, Any]:
        return {**model, "vocab": [*vocab, *([piece, scores[piece]] for piece in pieces)]}

    return Addition(tuple(new), model_with)


def _on_one_scale(own: Mapping[str, float], theirs: Mapping[str, float]) -> dict[str, float]:
    """Shift log probabilities learned on a text to the scale of the base, by the median over shared pieces.

    No score falls below the base's smallest, because the tokenizer derives the cost of an unknown letter from
    it.
    """
    shared = [theirs[piece] - own[piece] for piece in own if piece in theirs]
    move = float(np.median(shared)) if shared else min(theirs.values()) - min(own.values())
    least = min(score for score in theirs.values())
    return {piece: max(score + move, least) for piece, score in own.items()}


def _costs(inner: Tokenizer, model: Mapping[str, Any], pieces: Mapping[str, float]) -> dict[str, float]:
    """Return the log probability of each piece as the base splits it now; unknown letters cost most."""
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
    """Return the base's pieces with their numbers, and new pieces with the numbers after these."""
    first = table_size(base.tokenizer)
    return base.tokenizer.get_vocab() | {piece: first + at for at, piece in enumerate(new)}


def _as_written(pairs: Sequence[list[str]], like: Sequence[Any]) -> list[Any]:
    """Return merges in the form of the base's file: pairs, or texts with a space."""
    return [" ".join(pair) for pair in pairs] if like and isinstance(like[0], str) else list(pairs)


_ADDITIONS: Mapping[str, Callable[..., Addition]] = {
    "Unigram": _to_unigram,
    "WordPiece": _to_wordpiece,
    "BPE": _to_merges,
    "bytes": _to_merges,
}
