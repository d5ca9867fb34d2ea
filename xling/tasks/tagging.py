"""Sequence tagging with BIO spans: the first sub-word carries the label, seqeval scores the spans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xling.bases.opening import Base
from xling.data.examples import TaggedSentence
from xling.modules.head import HeadConfig
from xling.tasks.spans import OUTSIDE, described, repaired, spans
from xling.tasks.task import Prediction, Row, by_example, numbered
from xling.tasks.words import item_scores, tokens_of, word_rows


class Tagging:
    """Named entities and other spans. Metric: micro F1 of exact spans (seqeval, not strict)."""

    name, metric, together = "tagging", "f1", False

    def example(self, item: Any, id: str, language: str) -> TaggedSentence:
        return TaggedSentence(tokens_of(item), None, id, language)

    def labels(self, examples: Sequence[TaggedSentence]) -> tuple[str, ...]:
        types = sorted({tag[2:] for example in examples for tag in example.tags or () if tag != OUTSIDE})
        return (OUTSIDE, *(f"{prefix}-{name}" for name in types for prefix in "BI"))

    def head(self, labels: Sequence[str], base: Base) -> HeadConfig:
        shape = base.family.token_head
        return HeadConfig(outputs=len(labels), dense=shape.nonlinearity, norm=shape.norm is not None)

    def rows(
        self, examples: Sequence[TaggedSentence], tokenizer: Any, labels: Sequence[str], max_length: int
    ) -> list[Row]:
        numbers = {label: number for number, label in enumerate(labels)}
        targets = [[numbered(tag, numbers, example) for tag in example.tags or ()] for example in examples]
        return word_rows([example.tokens for example in examples], targets, tokenizer, max_length)

    def loss(self, logits: Tensor, rows: Sequence[Row]) -> Tensor:
        wanted = torch.as_tensor([target for row in rows for target in row.targets], device=logits.device)
        return torch.nn.functional.cross_entropy(torch.cat(self.pick(logits, rows)).float(), wanted)

    def pick(self, logits: Tensor, rows: Sequence[Row]) -> list[Tensor]:
        return item_scores(logits, rows)

    def decode(
        self,
        examples: Sequence[TaggedSentence],
        rows: Sequence[Row],
        scores: Sequence[Tensor],
        labels: Sequence[str],
    ) -> list[Prediction]:
        found = by_example(rows, scores, len(examples))
        return [self._decoded(example, own, labels) for example, own in zip(examples, found, strict=True)]

    def _decoded(
        self, example: TaggedSentence, scores: Sequence[Tensor], labels: Sequence[str]
    ) -> Prediction:
        tags = repaired([str(labels[best]) for own in scores for best in own.argmax(-1).tolist()])
        return {
            "id": example.id,
            "language": example.language,
            "tokens": list(example.tokens),
            "tags": tags,
            "spans": described(tags, example.tokens),
        }

    def gold(self, example: TaggedSentence) -> Prediction:
        return {} if example.tags is None else {"tags": list(example.tags)}

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
