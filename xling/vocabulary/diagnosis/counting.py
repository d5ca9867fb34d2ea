"""Running a tokenizer over a text once, to count what its figures are computed from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from xling.vocabulary.letters import is_letter
from xling.vocabulary.pieces import algorithm

Span = tuple[int, int]

_WORD = re.compile(r"\S+")
_BATCH = 1000  # lines; the offsets of a whole corpus would not fit into memory


@dataclass(kw_only=True)
class Counts:
    """Sums over lines, from which `xling.vocabulary.diagnosis.measures` computes the figures.

    whole_lines: the number of lines that need no truncation.
    characters: the number of characters; the end of each line counts as one.
    visible: the number of characters other than white space.
    unknown_characters: the number of visible characters in unknown pieces.
    pieces: the frequency of each piece number.
    split: the number of words for each number of pieces.
    extra: for each word, its pieces beyond the first, summed over the text.
    letters: the frequency of each letter or mark.
    unreadable: the frequency of each visible character at positions where it cannot be read.
    """

    lines: int = 0
    whole_lines: int = 0
    words: int = 0
    characters: int = 0
    visible: int = 0
    unknown_characters: int = 0
    pieces: Counter[int] = field(default_factory=Counter)
    split: Counter[int] = field(default_factory=Counter)
    extra: Counter[str] = field(default_factory=Counter)
    letters: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)


def count(tokenizer: Any, lines: Sequence[str], max_length: int) -> Counts:
    """Split lines with a fast tokenizer and count.

    max_length: the longest line that needs no truncation, in pieces, including special ones.
    """
    found, gaps = Counts(), Gaps(tokenizer)
    room = max_length - tokenizer.num_special_tokens_to_add()
    for start in range(0, len(lines), _BATCH):
        batch = list(lines[start : start + _BATCH])
        rows = tokenizer(batch, add_special_tokens=False, return_offsets_mapping=True)
        for line, ids, spans in zip(batch, rows["input_ids"], rows["offset_mapping"], strict=True):
            found.whole_lines += len(ids) <= room
            found.pieces.update(ids)
            _count_words(found, line, spans)
            _count_gaps(found, line, gaps.of(ids, spans))
    found.letters = Counter({letter: often for letter, often in found.letters.items() if is_letter(letter)})
    return found


class Gaps:
    """Finds what a tokenizer cannot read: unknown pieces, and letters that are split into bytes."""

    def __init__(self, tokenizer: Any) -> None:
        inner = tokenizer.backend_tokenizer
        fallback = (inner.token_to_id(f"<0x{byte:02X}>") for byte in range(256))
        self._unknown = tokenizer.unk_token_id
        self._bytes = {number for number in fallback if number is not None}
        self._over_bytes = kind_of(tokenizer) == "bytes"

    def of(self, ids: Sequence[int], spans: Sequence[Span]) -> Iterator[tuple[Span, bool]]:
        """Yield the unreadable spans of a line, without overlaps, and whether each is an unknown piece."""
        done = previous = 0
        for number, (start, end) in zip(ids, spans, strict=True):
            stop = end
            if number != self._unknown and number not in self._bytes:
                # in byte-level BPE, a letter that is split between two pieces is whole in neither
                stop = min(end, previous) if self._over_bytes else start
            start = max(start, done)
            if start < stop:
                yield (start, stop), number == self._unknown
                done = stop
            previous = end


def _count_words(found: Counts, line: str, spans: Sequence[Span]) -> None:
    """Assign each piece to the first word that ends after the piece begins, or to the last word."""
    words = list(_WORD.finditer(line))
    ends = [word.end() for word in words]
    shares, at, last = [0] * len(words), 0, len(words) - 1
    for start, _ in spans if words else ():
        while at < last and ends[at] <= start:
            at += 1
        shares[at] += 1
    found.lines += 1
    found.words += len(words)
    found.characters += len(line) + 1
    found.visible += sum(len(word[0]) for word in words)
    found.letters.update(line)
    found.split.update(shares)
    for word, share in zip(words, shares, strict=True):
        if share > 1:
            found.extra[word[0]] += share - 1


def _count_gaps(found: Counts, line: str, gaps: Iterable[tuple[Span, bool]]) -> None:
    for (start, end), unknown in gaps:
        gap = line[start:end]
        seen = [character for character in gap if not character.isspace()]
        found.unreadable.update(seen)
        found.unknown_characters += len(seen) if unknown else 0


def kind_of(tokenizer: Any) -> str:
    """Return the `algorithm` of a fast tokenizer without serialising its whole vocabulary."""
    inner = tokenizer.backend_tokenizer
    return algorithm(
        {"model": {"type": type(inner.model).__name__}, "pre_tokenizer": str(inner.pre_tokenizer)}
    )
