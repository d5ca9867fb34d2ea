"""Any number of labels of a text or of a pair of texts, none included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

from xling.bases.base import Base
from xling.data.examples import MultiLabelledText
from xling.modules.head import HeadConfig
from xling.tasks.comparison import Comparison, label_sets
from xling.tasks.f1 import f1, overlaps
from xling.tasks.task import Link, Prediction, Row, numbered
from xling.tasks.text_rows import described, judged, learned, row_scores, sequence_head, text_rows

_THRESHOLD = 0.5


class MultiLabel:
    """Emotions, tags, several topics at once. Metric: micro F1 of labels.

    The targets of a row are a one or a zero for each label, so that a text without any label is learned
    from, and one without gold has none.
    """

    name, metric, together = "multi-label", "f1", False
    link = Link(lambda scores, labels: logsigmoid(scores), lambda logs: logs - (-torch.expm1(logs)).log())

    def example(self, item: Any, id: str, language: str) -> MultiLabelledText:
        text, pair = (item, None) if isinstance(item, str) else item
        return MultiLabelledText(text=text, labels=None, id=id, language=language, pair=pair)

    def labels(self, examples: Sequence[MultiLabelledText]) -> tuple[str, ...]:
        """InputError where no text has a label."""
        return learned(label for example in examples for label in example.labels or ())

    def head(self, labels: Sequence[str], base: Base) -> HeadConfig:
        return sequence_head(len(labels), base)

    def rows(
        self, examples: Sequence[MultiLabelledText], tokenizer: Any, labels: Sequence[str], max_length: int
    ) -> list[Row]:
        numbers = {label: number for number, label in enumerate(labels)}
        targets: list[tuple[int, ...]] = []
        for example in examples:
            own = {numbered(label, numbers, example) for label in example.labels or ()}
            gold = tuple(int(number in own) for number in range(len(labels)))
            targets.append(() if example.labels is None else gold)
        return text_rows(examples, targets, tokenizer, max_length)

    def loss(self, logits: Tensor, rows: Sequence[Row]) -> Tensor:
        wanted = torch.as_tensor([row.targets for row in rows], device=logits.device)
        return binary_cross_entropy_with_logits(logits.float(), wanted.float())

    def pick(self, logits: Tensor, rows: Sequence[Row]) -> list[Tensor]:
        return row_scores(logits, rows)

    def decode(
        self,
        examples: Sequence[MultiLabelledText],
        rows: Sequence[Row],
        scores: Sequence[Tensor],
        labels: Sequence[str],
    ) -> list[Prediction]:
        """The labels whose probability is above a half."""
        found = []
        for example, score in zip(examples, scores, strict=True):
            chances = dict(zip(labels, score[0].sigmoid().tolist(), strict=True))
            chosen = [label for label, chance in chances.items() if chance > _THRESHOLD]
            named = {label: round(chance, 6) for label, chance in chances.items()}
            found.append({**described(example), "labels": chosen, "scores": named})
        return found

    def gold(self, example: MultiLabelledText) -> Prediction:
        return {} if example.labels is None else {"labels": list(example.labels)}

    def counts(self, examples: Sequence[MultiLabelledText], predictions: Sequence[Prediction]) -> np.ndarray:
        """Per text: right labels, predicted labels, gold labels; zeros without gold."""
        both = zip(examples, predictions, strict=True)
        none: set[str] = set()
        return overlaps(
            (none, none) if example.labels is None else (set(example.labels), set(row["labels"]))
            for example, row in both
        )

    def value(self, sums: np.ndarray) -> np.ndarray:
        return f1(sums)

    def score(
        self, examples: Sequence[MultiLabelledText], predictions: Sequence[Prediction]
    ) -> dict[str, float]:
        """Micro and macro F1 over all labels that the module knows, and the share of exact sets."""
        from sklearn.metrics import f1_score
        from sklearn.preprocessing import MultiLabelBinarizer

        texts, rows = judged(self, examples, predictions)
        gold = [set(example.labels) for example in texts]
        found = [set(row["labels"]) for row in rows]
        known = sorted(set().union(*gold, *found, *(row.get("scores", ()) for row in rows)))
        binarizer = MultiLabelBinarizer(classes=known or [""])
        right, own = (np.asarray(binarizer.fit_transform(sets)) for sets in (gold, found))
        none: Any = 0  # scikit-learn types it as a text and takes both
        # one label at a time, and all in a row: of a single label, scikit-learn would count the zeros too
        each = [f1_score(*columns, zero_division=none) for columns in zip(right.T, own.T, strict=True)]
        micro = f1_score(right.ravel(), own.ravel(), zero_division=none)
        exact = (right == own).all(axis=1)
        return {
            "f1": 100 * float(micro),
            "macro_f1": 100 * float(np.mean(each)),
            "exact_match": 100 * float(exact.mean()),
        }

    def compare(self, gold: Prediction, predicted: Prediction) -> list[Comparison]:
        return [label_sets(gold, predicted)]
