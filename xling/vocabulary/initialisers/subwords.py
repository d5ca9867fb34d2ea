"""Initialising a piece by the mean of the pieces the base splits it into, as written or romanised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jaxtyping import Float
from tokenizers import Token, models
from torch import Tensor

from xling.bases.base import Base
from xling.data.romanising import romanised as latin_of
from xling.vocabulary.initialisers.start import Request, Start, completed
from xling.vocabulary.pieces import INNER, WORD, Surface, algorithm, describe, surface

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
    reader, rows = PieceReader(request.base), request.table
    readings = ((place, reader.piece(piece)) for place, piece in enumerate(request.draft.new))
    return completed(request, {place: (mean_of(rows, read), SUBWORDS) for place, read in readings if read})


def mean_of(rows: Float[Tensor, "pieces hidden"], numbers: Sequence[int]) -> Float[Tensor, " hidden"]:
    """Return the mean of some rows of a table."""
    return rows[list(numbers)].mean(0)


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

    def text(self, meant: Surface) -> list[int]:
        """Split a text according to its position: inside a word, no word-start mark is put before it."""
        text, normalizer, splitter = meant.text, self._inner.normalizer, self._inner.pre_tokenizer
        text = text if normalizer is None else normalizer.normalize_str(text)
        split = [text] if splitter is None else [word for word, _ in splitter.pre_tokenize_str(text)]
        first, *rest = split or [""]
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


def romanised(request: Request) -> Start:
    """Average the vectors of the pieces that the base splits a romanised piece into.

    The romanisation is that of uroman (Hermjakob, May and Knight 2018), which Purkayastha et al. (2023) and
    others apply to whole texts for encoders. Here only the initial vectors depend on it; the text keeps its
    letters. Uroman spells letters that it does not know by their Unicode names. A piece without a
    romanisation is drawn at random.
    """
    reader, rows = PieceReader(request.base), request.table
    found = {}
    for place, piece in enumerate(request.draft.new):
        meant = surface(piece, reader.kind)
        latin = latin_of(meant.text).strip()
        bare = not meant.text  # the word-start mark alone, without a letter to romanise
        read = reader.text(Surface(latin, meant.begins)) if latin or bare else []
        if read:
            found[place] = mean_of(rows, read), ROMANISED
    return completed(request, found)
