"""Mixing the source pieces that are nearest in meaning, by a dictionary and text of both languages."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import normalize

from xling.data.tokenise import words
from xling.errors import InputError
from xling.vocabulary.cooccurrence import Vectors, learn
from xling.vocabulary.initialisers.shared import copied
from xling.vocabulary.initialisers.start import Request, Start, completed
from xling.vocabulary.pieces import split

REASON = "nearest translations"
_NEAREST, _TEMPERATURE = 10, 0.1
_FEWEST_PAIRS = 10
_AT_ONCE = 1 << 23  # the number of similarities that are in memory at once
_NEEDS = {"source_lines": "--source-text", "dictionary": "--dictionary"}


def bilingual(request: Request) -> Start:
    """Make each piece a mixture of the 10 source pieces that are most similar in meaning.

    WECHSEL (Minixhofer et al. 2022): the vector of a piece is the mean of the words that contain it, weighted
    by frequency, and the words of both languages are aligned by orthogonal Procrustes. Their word vectors are
    fastText's; here they come from co-occurrence counts and have at most as many dimensions as there are
    pairs. Pieces that occur in no word of the text are copied if the base has them, else drawn at random.
    Raises InputError without source text or dictionary, and when fewer than 10 dictionary pairs have both
    words in the texts.
    """
    missing = [option for name, option in _NEEDS.items() if not getattr(request, name)]
    if missing:
        raise InputError(
            "the initialiser bilingual needs text in the source language and a dictionary",
            where=missing[0],
            hint="give --source-text, and --dictionary or --parallel",
        )
    own, other = Side(request.lines), Side(request.source_lines)
    pairs = _usable(own, other, request.dictionary)
    # with more dimensions than pairs, the rotation of the others would be arbitrary
    width = min(own.vectors.matrix.shape[1], other.vectors.matrix.shape[1], len(pairs))
    ones, twos = zip(*pairs, strict=True)
    turn = procrustes(own.directions(ones, width), other.directions(twos, width))
    pieces, meant = own.pieces(request.draft.opened(), width)
    known, meanings = other.pieces(request.base.tokenizer.backend_tokenizer, width)
    special = set(request.base.tokenizer.all_special_ids)
    usable = [at for at, number in enumerate(known) if number not in special]
    rows, first = request.table, len(request.draft.kept)
    mixed = mixtures(meant @ turn, meanings[usable], rows[[known[at] for at in usable]])
    placed = zip(pieces, mixed, strict=True)
    found = {number - first: (vector, REASON) for number, vector in placed if number >= first}
    return completed(request, copied(request) | found)


def procrustes(
    own: Float[Tensor, "pairs width"], other: Float[Tensor, "pairs width"]
) -> Float[Tensor, "width width"]:
    """Return the orthogonal matrix that maps one set of vectors closest to another (Schönemann 1966)."""
    left, _, right = torch.linalg.svd(own.T.double() @ other.double())
    return (left @ right).to(own.dtype)


def mixtures(
    own: Float[Tensor, "pieces width"],
    known: Float[Tensor, "source width"],
    vectors: Float[Tensor, "source hidden"],
) -> Float[Tensor, "pieces hidden"]:
    """Return softmax-weighted means of the vectors of the nearest source pieces, by cosine similarity."""
    own, known, count = normalize(own), normalize(known), min(_NEAREST, len(known))
    mixed = []
    for part in own.split(max(1, _AT_ONCE // max(1, len(known)))):
        near, places = (part @ known.T).topk(count, dim=1)
        mixed.append(torch.einsum("pn,pnh->ph", (near / _TEMPERATURE).softmax(1), vectors[places]))
    return torch.cat(mixed)


class Side:
    """One language: the vectors of its lower-cased words, and the frequency of each spelling."""

    def __init__(self, lines: Sequence[str]) -> None:
        rows = [words(line) for line in lines]
        self.often = Counter(word for row in rows for word in row)
        self.vectors: Vectors = learn([[word.casefold() for word in row] for row in rows])

    def directions(self, names: Sequence[str], width: int) -> Float[Tensor, "some width"]:
        """Return vectors of words, centred by the mean of all words and normalised to length one."""
        centre = self.vectors.matrix[:, :width].mean(0)
        return normalize(torch.from_numpy(self.vectors.of(names)[:, :width] - centre).float())

    def pieces(self, tokenizer: Tokenizer, width: int) -> tuple[list[int], Float[Tensor, "pieces width"]]:
        """Return the pieces of all words, and for each piece the mean of the words that contain it.

        The means are weighted by the frequency of the words and have the shape [pieces, width].
        """
        spelled = [word for word in self.often if word.casefold() in self.vectors.places]
        directions = self.directions([word.casefold() for word in spelled], width).numpy()
        places: defaultdict[int, list[int]] = defaultdict(list)
        for place, row in enumerate(split(tokenizer, spelled)):
            for number in set(row):
                places[number].append(place)
        often = np.array([self.often[word] for word in spelled], dtype=np.float64)
        means = [np.average(directions[at], axis=0, weights=often[at]) for at in places.values()]
        return list(places), torch.from_numpy(np.array(means)).float()


def _usable(own: Side, other: Side, dictionary: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the dictionary pairs, lower-cased, of which both words have vectors."""
    folded = dict.fromkeys((one.casefold(), two.casefold()) for one, two in dictionary)
    known, meant = own.vectors.places, other.vectors.places
    usable = [(one, two) for one, two in folded if one in known and two in meant]
    if len(usable) < _FEWEST_PAIRS:
        raise InputError(
            f"{len(usable)} pairs of the dictionary have both words in the texts; {_FEWEST_PAIRS} are needed",
            where="--dictionary",
            hint="give more pairs or more text",
        )
    return usable
