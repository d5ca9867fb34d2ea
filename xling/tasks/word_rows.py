"""What tasks on words share: reading sentences, and rows in which the first piece of each word is scored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from xling.bases.base import Base
from xling.bases.tokenizers import blank_pieces, unreadable
from xling.data.bio import NO_LABEL, is_bio, rename_types, repaired, types
from xling.data.conll import UNLABELLED, ConllLayout, conll_block, conll_sentences
from xling.data.conllu import as_tagged, conllu_sentences, fill_conllu
from xling.data.examples import TaggedSentence
from xling.data.rows import Columns, Record, as_text, as_texts
from xling.data.tokenise import words as words_of
from xling.errors import InputError
from xling.modules.head import HeadConfig
from xling.printable import shown
from xling.tasks.reading import Reading
from xling.tasks.task import ONE_LABEL, PieceByPiece, Prediction, Row, by_example, numbered

NO_TARGET = -100  # the target of a word without a label


def item_scores(logits: Tensor, rows: Sequence[Row]) -> list[Tensor]:
    """Return the logits [items, outputs] of each row's items. logits: [rows, length, outputs]."""
    return [logits[number, list(row.at)] for number, row in enumerate(rows)]


def token_head(labels: Sequence[str], base: Base) -> HeadConfig:
    """Return the head that the base's family uses for tokens."""
    shape = base.family.token_head
    return HeadConfig(outputs=len(labels), dense=shape.nonlinearity, norm=shape.norm is not None)


class OneLabelAWord:
    """Base class of the tasks with one label for each word. bio: whether the labels are BIO tags of spans."""

    bio: bool

    def of_rows(self, rows: Iterable[Record], how: Reading) -> Iterator[TaggedSentence]:
        """Make examples of rows {"tokens": [...], "tags": [...]}; without gold, a text is split."""
        return (_sentence(row, how, number, bio=self.bio) for number, row in enumerate(rows))

    link = ONE_LABEL

    def example(self, item: Any, id: str, language: str) -> TaggedSentence:
        return TaggedSentence(tokens_of(item), None, id, language)

    head = staticmethod(token_head)

    def rows(
        self, examples: Sequence[TaggedSentence], tokenizer: Any, labels: Sequence[str], max_length: int
    ) -> list[Row]:
        targets = [
            [NO_TARGET if tag == NO_LABEL else numbered(tag, labels, example) for tag in example.tags or ()]
            for example in examples
        ]
        return word_rows([example.tokens for example in examples], targets, tokenizer, max_length)

    def loss(self, logits: Tensor, rows: Sequence[Row]) -> Tensor:
        """Return the mean loss over the words that have a label, or 0 if none has one."""
        wanted = torch.as_tensor([target for row in rows for target in row.targets], device=logits.device)
        scores = torch.cat(self.pick(logits, rows)).float()
        if (wanted == NO_TARGET).all():
            return 0 * scores.sum()
        return cross_entropy(scores, wanted, ignore_index=NO_TARGET)

    pick = staticmethod(item_scores)

    def decode(
        self,
        examples: Sequence[TaggedSentence],
        rows: Sequence[Row],
        scores: Sequence[Tensor],
        labels: Sequence[str],
    ) -> list[Prediction]:
        found = by_example(rows, scores, len(examples))
        best = (self.best(torch.cat(own), labels) if own else [] for own in found)
        return [self.row(example, tags) for example, tags in zip(examples, best, strict=True)]

    def best(self, scores: Tensor, labels: Sequence[str]) -> list[str]:
        """Return the labels of a sentence's words. scores: [words, labels]."""
        return [str(labels[number]) for number in scores.argmax(-1).tolist()]

    def row(self, example: TaggedSentence, tags: list[str]) -> Prediction:
        """Return the prediction of a sentence. tags: the label of each word."""
        place = {"id": example.id, "language": example.language}
        return {**place, "tokens": list(example.tokens), "tags": tags}

    def gold(self, example: TaggedSentence) -> Prediction:
        return {} if example.tags is None else {"tags": list(example.tags)}

    def label_names(self, example: TaggedSentence) -> list[str]:
        return [name for name in types(example.tags or ()) if name != NO_LABEL]


def column_sentences(how: Reading, layout: ConllLayout) -> Iterator[TaggedSentence]:
    """Read CoNLL columns in a data card's layout, or else in this one; without gold only tokens."""
    chosen = (how.layout or layout) if how.gold else UNLABELLED
    return conll_sentences(how.where, language=how.language, layout=chosen, labels=how.labels)


def tree_sentences(how: Reading) -> Iterator[TaggedSentence]:
    """Read CoNLL-U with its parts of speech; without gold only tokens."""
    gold = ("tags",) if how.gold else ()
    return as_tagged(conllu_sentences(how.where, language=how.language, gold=gold, labels=how.labels))


def tokens_in(row: Record, how: Reading) -> tuple[str, ...] | None:
    """Return a row's tokens, or without gold those of its text; None when it has neither."""
    if how.columns is not None:
        row.require([how.columns.tokens])
        listed = row.cells[how.columns.tokens]
        return tuple(map(str, listed)) if isinstance(listed, list) else None  # an empty token is kept
    tokens = as_texts(row.cells.get("tokens"))
    if not tokens and not how.gold:
        tokens = tuple(words_of(as_text(row.cells.get("text")) or ""))
    return tokens or None


def tags_in(row: Record, how: Reading) -> tuple[str, ...] | None:
    """Return a row's tags, unchecked; None when they are not a list of text.

    Raises InputError when tags are missing, as in test data whose labels are not published.
    """
    column = (how.columns or Columns()).tags
    if how.columns is not None:
        row.require([column])
    value = row.cells.get(column)
    if isinstance(value, list) and None in value:
        raise row.place.fault(f"no label in {column!r}", hint="take a split that has labels")
    return as_texts(value)


def checked_tags(
    row: Record, tags: Sequence[str], tokens: Sequence[str], how: Reading, *, called: str = "tag"
) -> tuple[str, ...]:
    """Return a row's BIO tags as IOB2, with new names of types.

    called: the word for a tag in messages. Raises InputError when the numbers of tags and tokens differ, or
    when a tag is not a BIO tag.
    """
    if len(tags) != len(tokens):
        raise row.place.fault(f"{len(tokens)} tokens but {len(tags)} tags")
    wrong = next((tag for tag in tags if not is_bio(tag)), None)
    if wrong is not None:
        kind = "TYPE" if called == "tag" else called.upper()
        raise row.place.fault(f"{shown(wrong)!r} is no {called}", choices=("O", f"B-{kind}", f"I-{kind}"))
    return tuple(rename_types(repaired(tags), how.labels))


def _conll(rows: Iterable[Prediction], input: Path, first: int) -> Iterator[bytes]:
    """Yield CoNLL columns with the predicted tags of the tokens."""
    for number, row in enumerate(rows, start=first):
        yield conll_block(row["tokens"], row["tags"], number).encode("utf-8")


def _conllu(rows: Iterable[Prediction], input: Path, first: int) -> Iterator[bytes]:
    """Yield the input file, which is CoNLL-U, with the predictions filled in."""
    return fill_conllu(input, rows, first=first)


conll_bytes, conllu_bytes = PieceByPiece(_conll), PieceByPiece(_conllu)


def tokens_of(item: Any) -> tuple[str, ...]:
    """Return a caller's tokens; raises InputError for a text that is not split into tokens."""
    if isinstance(item, str):
        raise InputError(
            f"the task takes lists of tokens, not the text {item[:40]!r}",
            where="predict",
            hint="split it first, for example with xling.data.tokenise.words",
        )
    return tuple(item)


def word_rows(
    words: Sequence[Sequence[str]],
    targets: Sequence[Sequence[int]],
    tokenizer: Any,
    max_length: int,
    *,
    opening: Sequence[Sequence[int]] | None = None,
) -> list[Row]:
    """Encode each sentence as one row, or a long one as several windows, with a target for each word.

    words: the words of each sentence. targets: the target of each word; empty without gold labels.
    max_length: the largest number of pieces in a row, special pieces included. opening: the targets of the
    whole sentences; with them, the first special piece of a sentence's first window is an item before the
    words. A word that is longer than a row is cut; one without pieces becomes the unknown piece.
    """
    rows: list[Row] = []
    encoded = tokenizer(list(map(list, words)), is_split_into_words=True, add_special_tokens=False)
    blank = blank_pieces(encoded["input_ids"], tokenizer)
    for index, sentence in enumerate(words):
        pieces: list[list[int]] = [[] for _ in sentence]
        for piece, word in zip(encoded["input_ids"][index], encoded.word_ids(index), strict=True):
            pieces[word].append(piece)
        own = _windows(pieces, targets[index], index, tokenizer, max_length, blank)
        if opening is not None:
            own = [_opened(own[0], opening[index]), *(_moved(row) for row in own[1:])]
        rows += own
    return rows


def _sentence(row: Record, how: Reading, number: int, *, bio: bool) -> TaggedSentence:
    tokens, tags = tokens_in(row, how), tags_in(row, how) if how.gold else ()
    if tokens is None or tags is None:
        raise row.place.fault(
            f"not a row with tokens{' and tags' if how.gold else ''}, which are lists of text",
            hint='write {"tokens": ["Amina", ...], "tags": ["B-PER", ...]}',
        )
    whose = (how.identity(row, number), how.language_of(row), how.translation_of(row))
    if not how.gold:
        return TaggedSentence(tokens, None, *whose)
    if bio:
        return TaggedSentence(tokens, checked_tags(row, tags, tokens, how), *whose)
    if len(tags) != len(tokens):
        raise row.place.fault(f"{len(tokens)} tokens but {len(tags)} tags")
    both = zip(tokens, tags, strict=True)
    # on the Hub, a multi-word token has this tag and stands before its words
    kept = [(token, tag) for token, tag in both if how.columns is None or tag != NO_LABEL]
    tokens, tags = tuple(token for token, _ in kept), tuple(how.labels.get(tag, tag) for _, tag in kept)
    return TaggedSentence(tokens, tags, *whose)


def _shown(word: Sequence[int], blank: frozenset[int]) -> int:
    """The index of the first piece that is not blank; 0 when all are."""
    return next((place for place, piece in enumerate(word) if piece not in blank), 0)


def _opened(row: Row, targets: Sequence[int]) -> Row:
    return replace(row, at=(0, *row.at), targets=(*targets, *row.targets))


def _moved(row: Row) -> Row:
    return replace(row, first=row.first + 1)


def _windows(
    pieces: Sequence[Sequence[int]],
    targets: Sequence[int],
    example: int,
    tokenizer: Any,
    max_length: int,
    blank: frozenset[int],
) -> list[Row]:
    """Split a sentence into rows of whole words. pieces: the piece ids of each word."""
    room = max_length - 2
    rows: list[Row] = []
    ids: list[int] = []
    at: list[int] = []
    first = 0

    def close(end: int) -> None:
        nonlocal ids, at, first
        if at:
            whole = (tokenizer.cls_token_id, *ids, tokenizer.sep_token_id)
            rows.append(
                Row(ids=whole, at=tuple(at), targets=tuple(targets[first:end]), example=example, first=first)
            )
        ids, at, first = [], [], end

    for word, own in enumerate(pieces):
        own = list(own)[:room] or [unreadable(tokenizer)]
        if len(ids) + len(own) > room:
            close(word)
        at.append(len(ids) + 1 + _shown(own, blank))
        ids += own
    close(len(pieces))
    return rows
