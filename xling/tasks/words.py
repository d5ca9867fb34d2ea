"""Rows of whole words: the first piece of each is scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from xling.errors import InputError
from xling.tasks.task import Row


def tokens_of(item: Any) -> tuple[str, ...]:
    """The tokens that a caller gives; InputError for a text in one piece."""
    if isinstance(item, str):
        raise InputError(
            f"the task takes lists of tokens, not the text {item[:40]!r}",
            where="predict",
            hint="split it first, for example with xling.data.words.words",
        )
    return tuple(item)


def item_scores(logits: Tensor, rows: Sequence[Row]) -> list[Tensor]:
    """The logits [items, outputs] of each row's items, out of those of all its pieces."""
    return [logits[number, list(row.at)] for number, row in enumerate(rows)]


def word_rows(
    words: Sequence[Sequence[str]],
    targets: Sequence[Sequence[int]],
    tokenizer: Any,
    max_length: int,
    *,
    opening: Sequence[Sequence[int]] | None = None,
) -> list[Row]:
    """One row for each sentence, or several windows of a long one, with a target for each word.

    targets: of each sentence's words; empty without gold. opening: targets of the sentence itself: then
    the first special piece of its first window is an item before the words.
    A word longer than a row is cut, an unreadable word becomes the unknown piece.
    """
    rows: list[Row] = []
    encoded = tokenizer(list(map(list, words)), is_split_into_words=True, add_special_tokens=False)
    for index, sentence in enumerate(words):
        pieces: list[list[int]] = [[] for _ in sentence]
        for piece, word in zip(encoded["input_ids"][index], encoded.word_ids(index), strict=True):
            pieces[word].append(piece)
        own = _windows(pieces, targets[index], index, tokenizer, max_length)
        if opening is not None:
            own = [_opened(own[0], opening[index]), *(_moved(row) for row in own[1:])]
        rows += own
    return rows


def _opened(row: Row, targets: Sequence[int]) -> Row:
    return replace(row, at=(0, *row.at), targets=(*targets, *row.targets))


def _moved(row: Row) -> Row:
    return replace(row, first=row.first + 1)


def _windows(
    pieces: Sequence[Sequence[int]], targets: Sequence[int], example: int, tokenizer: Any, max_length: int
) -> list[Row]:
    """Rows of whole words; a word longer than a row is cut, an unreadable word becomes the unknown piece."""
    room = max_length - 2
    rows: list[Row] = []
    ids: list[int] = []
    at: list[int] = []
    first = 0

    def close(end: int) -> None:
        nonlocal ids, at, first
        if at:
            whole = (tokenizer.cls_token_id, *ids, tokenizer.sep_token_id)
            rows.append(Row(whole, tuple(at), tuple(targets[first:end]), example, first))
        ids, at, first = [], [], end

    for word, own in enumerate(pieces):
        own = list(own)[:room] or [tokenizer.unk_token_id]
        if len(ids) + len(own) > room:
            close(word)
        at.append(len(ids) + 1)
        ids += own
    close(len(pieces))
    return rows
