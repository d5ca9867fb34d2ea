"""Initialising a piece by the mean of the pieces the base splits it into, as written or romanised."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tokenizers import Token, models

from xling.bases.base import Base
from xling.spelling import romanised as latin_of
from xling.vocabulary.initialisers.start import Request, Start, completed
from xling.vocabulary.pieces import INNER, WORD, Surface, algorithm, describe, split_into_words, surface

SUBWORDS = "sub-words"
_MARKS = {"Unigram": WORD, "BPE": WORD, "bytes": "Ġ"}
_BROKEN = "\ufffd"
ROMANISED = "romanised"


def subwords(request: Request) -> Start:
    """Average the vectors of the pieces that the base splits a new piece into.

    This is common when a vocabulary is extended, for example by Koto et al. (2021, IndoBERTweet). Here a
    piece is split according to its position, at the beginning of a word or inside one. A piece with an
    unknown part is drawn at random.
    """
    return _averaged(request, PieceReader.piece, SUBWORDS)


def romanised(request: Request) -> Start:
    """Average the vectors of the pieces that the base splits a romanised piece into.

    The romanisation is that of uroman (Hermjakob, May and Knight 2018), which Purkayastha et al. (2023) and
    others apply to whole texts for encoders. Here only the initial vectors depend on it; the text keeps its
    letters. Uroman spells letters that it does not know by their Unicode names. A piece without a
    romanisation is drawn at random.
    """
    return _averaged(request, PieceReader.romanised, ROMANISED)


def _averaged(request: Request, read: Callable[[PieceReader, str], list[int]], reason: str) -> Start:
    """Return the mean vector of the base's pieces that each new piece is read as, if it can be read."""
    reader, rows = PieceReader(request.base), request.table
    readings = ((place, read(reader, piece)) for place, piece in enumerate(request.draft.new))
    return completed(request, {place: (rows[read].mean(0), reason) for place, read in readings if read})


class PieceReader:
    """Splits texts with a base's tokenizer into piece numbers; the result is empty if a piece is unknown."""

    def __init__(self, base: Base) -> None:
        described = describe(base.tokenizer)
        self.kind = algorithm(described)
        self._inner = base.tokenizer.backend_tokenizer
        self._unknown = base.tokenizer.unk_token_id
        self._inside = _inside_words(described["model"]) if self.kind == "WordPiece" else self._inner.model

    def piece(self, piece: str) -> list[int]:
        """Split a piece of the same algorithm; an incomplete letter is split byte by byte."""
        meant = surface(piece, self.kind)
        if self.kind == "bytes" and _BROKEN in meant.text:
            return self._known(self._inner.model.tokenize(piece))
        return self.text(meant)

    def romanised(self, piece: str) -> list[int]:
        """Split the romanisation of a piece; the result is empty if it has none."""
        meant = surface(piece, self.kind)
        latin = latin_of(meant.text).strip()
        bare = not meant.text  # the word-start mark alone, without a letter to romanise
        return self.text(Surface(latin, meant.begins)) if latin or bare else []

    def text(self, meant: Surface) -> list[int]:
        """Split a text according to its position: inside a word, no word-start mark is put before it."""
        first, *rest = split_into_words(self._inner, meant.text) or [""]
        mark = _MARKS.get(self.kind, "")
        first = mark * meant.begins + (first.removeprefix(mark) if mark else first)
        model = self._inner.model if meant.begins else self._inside
        tokens = [token for word in rest for token in self._inner.model.tokenize(word)]
        return self._known([*model.tokenize(first), *tokens])

    def _known(self, tokens: Sequence[Token]) -> list[int]:
        numbers = [token.id for token in tokens]
        return [] if self._unknown in numbers else numbers


def _inside_words(model: Mapping[str, Any]) -> models.WordPiece:
    """Return a WordPiece model of the pieces that continue words, without their mark."""
    unknown = model["unk_token"]
    inside = {
        piece.removeprefix(INNER): at for piece, at in model["vocab"].items() if piece.startswith(INNER)
    }
    vocab = {**{text: at for text, at in inside.items() if text}, unknown: model["vocab"][unknown]}
    return models.WordPiece(vocab, unk_token=unknown, continuing_subword_prefix="")
