"""The figures of a tokenizer on a text.

Words are separated by white space. Letters are letters and marks (Unicode categories L and M). A letter is
unreadable if it is covered by the unknown piece, or if it is split into bytes. Shares are from 0 to 1.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xling.vocabulary.diagnosis.counting import Counts, count, kind_of
from xling.vocabulary.letters import block, script
from xling.vocabulary.pieces import WORD, surface

_COSTLIEST = 8


@dataclass(frozen=True)
class Coverage:
    """The number of letters in one Unicode block or script of a text, and of those that cannot be read."""

    name: str
    letters: int
    unreadable: int

    @property
    def share(self) -> float:
        """The share of unreadable letters."""
        return self.unreadable / self.letters


@dataclass(frozen=True)
class SplitWord:
    """A word, its pieces, and how many pieces beyond the first it costs in the whole text.

    pieces: as the tokenizer writes them; those of byte-level BPE as text, with U+FFFD for a part of a letter.
    """

    text: str
    pieces: tuple[str, ...]
    extra: int


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures of one tokenizer on one text. Special pieces are not counted.

    lines, words, characters, pieces: counts; the end of each line counts as one character.
    distinct: the number of different pieces.
    fertility: the number of pieces per word.
    continued_words: the share of words with two or more pieces, where punctuation at the edges of words and a
        lone word-start mark count as pieces (Rust et al. 2021, with words by white space).
    unknown_pieces: the share of pieces that are the unknown piece.
    unknown_characters: the share of characters other than white space that unknown pieces cover.
    characters_per_piece: the number of characters divided by the number of pieces.
    average_rank: the sum of r p(r), over pieces sorted by falling probability in the text, with r from 0
        (this and the one before as in Limisiewicz et al. 2023).
    whole_lines: the share of lines that the base takes without truncation.
    blocks, scripts: the coverage of each, most letters first; marks that scripts share are only in blocks.
    unread: (character, frequency) of all unreadable characters, letters or not, most frequent first.
    split: (number of pieces, number of words with so many), ascending.
    costliest: the words that cost most pieces.
    counts: (piece number, frequency), most frequent first.
    """

    lines: int
    words: int
    characters: int
    pieces: int
    distinct: int
    fertility: float
    continued_words: float
    unknown_pieces: float
    unknown_characters: float
    characters_per_piece: float
    average_rank: float
    whole_lines: float
    blocks: tuple[Coverage, ...]
    scripts: tuple[Coverage, ...]
    unread: tuple[tuple[str, int], ...]
    split: tuple[tuple[int, int], ...]
    costliest: tuple[SplitWord, ...]
    counts: tuple[tuple[int, int], ...]

    @property
    def letters(self) -> int:
        """The number of letters and marks in the text."""
        return sum(group.letters for group in self.blocks)

    @property
    def unreadable(self) -> float:
        """The share of letters that are unreadable."""
        return sum(group.unreadable for group in self.blocks) / max(1, self.letters)


def figures(tokenizer: Any, lines: Sequence[str], max_length: int) -> Figures:
    """Compute the figures of a fast tokenizer on the lines of a text.

    max_length: the longest row that the base takes, in pieces, including special ones.
    """
    found = count(tokenizer, lines, max_length)
    pieces = sum(found.pieces.values())
    counts = _falling(found.pieces)
    continued = sum(often for share, often in found.split.items() if share > 1)
    return Figures(
        lines=found.lines,
        words=found.words,
        characters=found.characters,
        pieces=pieces,
        distinct=len(counts),
        fertility=_share(pieces, found.words),
        continued_words=_share(continued, found.words),
        unknown_pieces=_share(found.pieces[tokenizer.unk_token_id], pieces),
        unknown_characters=_share(found.unknown_characters, found.visible),
        characters_per_piece=_share(found.characters, pieces),
        average_rank=_share(sum(rank * often for rank, (_, often) in enumerate(counts)), pieces),
        whole_lines=_share(found.whole_lines, found.lines),
        blocks=_coverage(found, block),
        scripts=_coverage(found, script),
        unread=_falling(found.unreadable),
        split=tuple(sorted(found.split.items())),
        costliest=_costliest(tokenizer, found.extra),
        counts=counts,
    )


def divergence(first: Figures, second: Figures) -> float:
    """Return the Jensen-Shannon divergence of the pieces of two texts under one tokenizer.

    It is in bits, from 0 (the same distribution) to 1 (no piece in common).
    """
    p, q = _distribution(first), _distribution(second)
    mean = {piece: (p.get(piece, 0.0) + q.get(piece, 0.0)) / 2 for piece in p.keys() | q.keys()}
    return (_relative_entropy(p, mean) + _relative_entropy(q, mean)) / 2


def _distribution(figures: Figures) -> dict[int, float]:
    return {piece: often / figures.pieces for piece, often in figures.counts}


def _relative_entropy(p: Mapping[int, float], q: Mapping[int, float]) -> float:
    return math.fsum(share * math.log2(share / q[piece]) for piece, share in p.items())


def _coverage(found: Counts, group_of: Callable[[str], str | None]) -> tuple[Coverage, ...]:
    letters: Counter[str] = Counter()
    unreadable: Counter[str] = Counter()
    for letter, often in found.letters.items():
        group = group_of(letter)
        if group is not None:
            letters[group] += often
            unreadable[group] += found.unreadable[letter]
    order = sorted(letters, key=lambda group: (-letters[group], group))
    return tuple(Coverage(group, letters[group], unreadable[group]) for group in order)


def _costliest(tokenizer: Any, extra: Mapping[str, int]) -> tuple[SplitWord, ...]:
    words = sorted(extra, key=lambda word: (-extra[word], word))[:_COSTLIEST]
    if not words:
        return ()
    kind = kind_of(tokenizer)
    asked = [f" {word}" for word in words] if kind == "bytes" else words  # its pieces include the space
    rows = map(tokenizer.convert_ids_to_tokens, tokenizer(asked, add_special_tokens=False)["input_ids"])
    return tuple(
        SplitWord(word, tuple(_shown(piece, kind) for piece in row), extra[word])
        for word, row in zip(words, rows, strict=True)
    )


def _shown(piece: str, kind: str) -> str:
    return surface(piece, kind).text or WORD if kind == "bytes" else piece


def _falling(counts: Counter[Any]) -> tuple[tuple[Any, int], ...]:
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
