"""Sequence tagging with BIO spans: the first sub-word carries the label, seqeval scores the spans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xling.bases.opening import Base
from xling.data.examples import TaggedSentence
from xling.errors import InputError
from xling.modules.head import HeadConfig
from xling.tasks.task import Prediction, Row

OUTSIDE = "O"


class Tagging:
    """Named entities and other spans. Metric: micro F1 of exact spans (seqeval, not strict)."""

    name, metric = "tagging", "f1"

    def labels(self, examples: Sequence[TaggedSentence]) -> tuple[str, ...]:
        types = sorted({tag[2:] for example in examples for tag in example.tags or () if tag != OUTSIDE})
        return (OUTSIDE, *(f"{prefix}-{name}" for name in types for prefix in "BI"))

    def head(self, labels: Sequence[str], base: Base) -> HeadConfig:
        shape = base.family.token_head
        return HeadConfig(outputs=len(labels), dense=shape.nonlinearity, norm=shape.norm is not None)

    def rows(
        self, examples: Sequence[TaggedSentence], tokenizer: Any, labels: Sequence[str], max_length: int
    ) -> list[Row]:
        number = {label: index for index, label in enumerate(labels)}
        words = [list(example.tokens) for example in examples]
        encoded = tokenizer(words, is_split_into_words=True, add_special_tokens=False)
        rows: list[Row] = []
        for index, example in enumerate(examples):
            targets = [_number(tag, number, example) for tag in example.tags or ()]
            ids, words_of = encoded["input_ids"][index], encoded.word_ids(index)
            pieces: list[list[int]] = [[] for _ in example.tokens]
            for piece, word in zip(ids, words_of, strict=True):
                pieces[word].append(piece)
            rows += _windows(pieces, targets, index, tokenizer, max_length)
        return rows

    def loss(self, logits: Tensor, rows: Sequence[Row]) -> Tensor:
        wanted = torch.as_tensor([target for row in rows for target in row.targets], device=logits.device)
        return torch.nn.functional.cross_entropy(torch.cat(self.pick(logits, rows)).float(), wanted)

    def pick(self, logits: Tensor, rows: Sequence[Row]) -> list[Tensor]:
        return [logits[number, list(row.at)] for number, row in enumerate(rows)]

    def decode(
        self, examples: Sequence[TaggedSentence], scores: Sequence[np.ndarray], labels: Sequence[str]
    ) -> list[Prediction]:
        rows = []
        for example, score in zip(examples, scores, strict=True):
            tags = repaired([str(labels[best]) for best in score.argmax(-1)] if len(score) else [])
            rows.append(
                {
                    "id": example.id,
                    "language": example.language,
                    "tokens": list(example.tokens),
                    "tags": tags,
                    "spans": [
                        {
                            "start": start,
                            "end": end,
                            "label": kind,
                            "text": " ".join(example.tokens[start:end]),
                        }
                        for kind, start, end in spans(tags)
                    ],
                }
            )
        return rows

    def counts(self, examples: Sequence[TaggedSentence], predictions: Sequence[Prediction]) -> np.ndarray:
        """Per sentence: right spans, predicted spans, gold spans."""
        sums = np.zeros((len(examples), 3))
        for number, (example, prediction) in enumerate(zip(examples, predictions, strict=True)):
            gold, found = set(spans(example.tags or ())), set(spans(prediction["tags"]))
            sums[number] = len(gold & found), len(found), len(gold)
        return sums

    def value(self, sums: np.ndarray) -> np.ndarray:
        right, found, gold = np.moveaxis(sums, -1, 0)
        return np.asarray(100 * 2 * right / np.maximum(found + gold, 1))

    def score(
        self, examples: Sequence[TaggedSentence], predictions: Sequence[Prediction]
    ) -> dict[str, float]:
        from seqeval.metrics.sequence_labeling import precision_recall_fscore_support

        gold = [list(example.tags or ()) for example in examples]
        found = [prediction["tags"] for prediction in predictions]
        none: Any = 0  # seqeval types it as a text and takes both
        values = precision_recall_fscore_support(gold, found, average="micro", zero_division=none)[:3]
        precision, recall, f1 = (100 * float(np.asarray(value)) for value in values)
        return {"f1": f1, "precision": precision, "recall": recall}


def spans(tags: Sequence[str]) -> list[tuple[str, int, int]]:
    """(label, start, end) of BIO tags, end exclusive; an I- without its beginning opens a span."""
    found: list[tuple[str, int, int]] = []
    for index, tag in enumerate(tags):
        if tag == OUTSIDE:
            continue
        prefix, kind = tag[0], tag[2:]
        if prefix == "I" and found and found[-1][0] == kind and found[-1][2] == index:
            found[-1] = (kind, found[-1][1], index + 1)
        else:
            found.append((kind, index, index + 1))
    return found


def repaired(tags: Sequence[str]) -> list[str]:
    """The same spans in well-formed BIO."""
    fixed = [OUTSIDE] * len(tags)
    for kind, start, end in spans(tags):
        fixed[start:end] = [f"B-{kind}"] + [f"I-{kind}"] * (end - start - 1)
    return fixed


def _number(tag: str, number: dict[str, int], example: TaggedSentence) -> int:
    if tag not in number:
        raise InputError(
            f"label {tag!r} of sentence {example.id} is unknown to the task module",
            where=f"data in {example.language}",
            choices=number,
            hint="map it to O with the card's labels, or train a task module that knows it",
        )
    return number[tag]


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
