"""Split a question and its context into overlapping windows that fit into one row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from xling.tasks.text_rows import cut

_LONGEST_QUESTION = 64  # pieces, as in BERT's code for SQuAD; the rest of a row is for the context
_AT_ONCE = 256  # questions in one tokenizer call, since its offsets take much memory

Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Window:
    """One row of a question and a part of its context.

    question: the index of the question. ids: the piece ids of the row. at: the positions in `ids` of the
    context's pieces, the items. spans: the start and end character (exclusive) of each item. covers: the
    start and end of the context in this window; the first window starts at the beginning of the context and
    the last one ends at its end, even if some characters there have no pieces.
    """

    question: int
    ids: tuple[int, ...]
    at: tuple[int, ...]
    spans: tuple[Span, ...]
    covers: Span

    def items_of(self, start: int, end: int) -> Span | None:
        """The first and last item that overlap a span; None when the window does not contain all of it."""
        touched = [number for number, own in enumerate(self.spans) if own[0] < end and start < own[1]]
        whole = self.covers[0] <= start and end <= self.covers[1]
        return (touched[0], touched[-1]) if whole and touched else None


def context_windows(
    questions: Sequence[str], contexts: Sequence[str], tokenizer: Any, max_length: int, *, stride: int
) -> list[Window]:
    """Return the windows of all questions, in order.

    max_length: the largest number of pieces in a row, special pieces included. stride: the number of pieces
    that neighbouring windows share, at most half of the room beside the longest question. A question is cut
    to 64 pieces, or to half of a shorter row.
    """
    room = max_length - tokenizer.num_special_tokens_to_add(pair=True)
    longest = min(_LONGEST_QUESTION, room // 2)
    # the tokenizer fails when windows overlap completely
    settings = {"max_length": max_length, "stride": min(stride, (room - longest) // 2)}
    known: dict[Span, Span] = {}  # equal spans share one object, to save memory
    windows: list[Window] = []
    for first in range(0, len(questions), _AT_ONCE):
        asked, read = (list(texts[first : first + _AT_ONCE]) for texts in (questions, contexts))
        encoded = tokenizer(
            cut(asked, [longest] * len(asked), tokenizer),
            read,
            truncation="only_second",
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            **settings,
        )
        windows += _windows(encoded, read, first, known)
    return windows


def _windows(encoded: Any, contexts: Sequence[str], first: int, known: dict[Span, Span]) -> Iterator[Window]:
    numbers: list[int] = encoded["overflow_to_sample_mapping"]
    for question, own in groupby(range(len(numbers)), key=lambda number: numbers[number]):
        context, group = contexts[question], list(own)
        for number in group:
            at = [place for place, part in enumerate(encoded.sequence_ids(number)) if part == 1]
            offsets = encoded["offset_mapping"][number]
            found = (_trimmed(context, *offsets[place]) for place in at)
            spans = tuple(known.setdefault(span, span) for span in found)
            begin = 0 if number == group[0] else spans[0][0]
            end = len(context) if number == group[-1] else spans[-1][1]
            ids = tuple(encoded["input_ids"][number])
            yield Window(question=first + question, ids=ids, at=tuple(at), spans=spans, covers=(begin, end))


def _trimmed(context: str, start: int, end: int) -> Span:
    """A piece's start and end without the white space that some tokenizers count as part of it."""
    text = context[start:end]
    start += len(text) - len(text.lstrip())
    return start, start + len(text.strip())
