"""The mean of the base's pieces that a new one is read as now, in its own letters or in Latin ones."""

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
    """What the base sees of a piece, averaged; pieces with something unknown in them are drawn.

    Commonly done when a vocabulary is extended, as by Koto et al. (2021, IndoBERTweet); here a piece is
    read in its place, as the beginning of a word or inside one.
    """
    reader, rows = PieceReader(request.base), request.table
    readings = ((place, reader.piece(piece)) for place, piece in enumerate(request.draft.new))
    return completed(request, {place: (mean_of(rows, read), SUBWORDS) for place, read in readings if read})


def mean_of(rows: Float[Tensor, "pieces hidden"], numbers: Sequence[int]) -> Float[Tensor, " hidden"]:
    """The mean of some rows of a table."""
    return rows[list(numbers)].mean(0)


class PieceReader:
    """How a base reads a text: as the numbers of its pieces, none where one of them is unknown."""

    def __init__(self, base: Base) -> None:
        described = describe(base.tokenizer)
        self.kind = algorithm(described)
        self._inner = base.tokenizer.backend_tokenizer
        self._unknown = base.tokenizer.unk_token_id
        self._inside = _inside_words(described["model"]) if self.kind == "WordPiece" else self._inner.model

    def piece(self, piece: str) -> list[int]:
        """A piece of the base's own algorithm; half a letter is read byte by byte."""
        meant = surface(piece, self.kind)
        if self.kind == "bytes" and _BROKEN in meant.text:
            return self._known(self._inner.model.tokenize(piece))
        return self.text(meant)

    def text(self, meant: Surface) -> list[int]:
        """Letters where they stand: inside a word, no mark of a beginning is put before them."""
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
    """A WordPiece model of the pieces that go on in words, without their mark."""
    unknown = model["unk_token"]
    inside = {
        piece.removeprefix(INNER): at for piece, at in model["vocab"].items() if piece.startswith(INNER)
    }
    vocab = {**{text: at for text, at in inside.items() if text}, unknown: model["vocab"][unknown]}
    return models.WordPiece(vocab, unk_token=unknown, continuing_subword_prefix="")


def romanised(request: Request) -> Start:
    """What the base reads of each piece in Latin letters, averaged; what has no such spelling is drawn.

    Spelled by uroman (Hermjakob, May and Knight 2018), as Purkayastha et al. (2023) and others spell whole
    texts for encoders; here only the vectors start from it, the text keeps its letters. Letters that
    uroman does not know come out as their Unicode names and start from these.
    """
    reader, rows = PieceReader(request.base), request.table
    found = {}
    for place, piece in enumerate(request.draft.new):
        meant = surface(piece, reader.kind)
        latin = latin_of(meant.text).strip()
        bare = not meant.text  # the mark of a beginning, with no letter to spell
        read = reader.text(Surface(latin, meant.begins)) if latin or bare else []
        if read:
            found[place] = mean_of(rows, read), ROMANISED
    return completed(request, found)
