"""Single-label classification of a text or of a pair of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xling.bases.opening import Base
from xling.data.examples import LabelledText
from xling.errors import InputError
from xling.modules.head import HeadConfig
from xling.tasks.task import Prediction, Row


class Classification:
    """Topics, sentiment, NLI. Metric: accuracy; macro F1 beside it (scikit-learn)."""

    name, metric = "classification", "accuracy"

    def labels(self, examples: Sequence[LabelledText]) -> tuple[str, ...]:
        return tuple(sorted({example.label for example in examples if example.label is not None}))

    def head(self, labels: Sequence[str], base: Base) -> HeadConfig:
        shape = base.family.sequence_head
        norm = shape.norm is not None
        return HeadConfig(outputs=len(labels), pooling="first", dense=shape.nonlinearity, norm=norm)

    def rows(
        self, examples: Sequence[LabelledText], tokenizer: Any, labels: Sequence[str], max_length: int
    ) -> list[Row]:
        number = {label: index for index, label in enumerate(labels)}
        encoded = tokenizer(
            [example.text for example in examples],
            [example.pair for example in examples] if any(example.pair for example in examples) else None,
            truncation=True,
            max_length=max_length,
        )["input_ids"]
        return [
            Row(tuple(ids), (), () if example.label is None else (_number(example, number),), index)
            for index, (ids, example) in enumerate(zip(encoded, examples, strict=True))
        ]

    def loss(self, logits: Tensor, rows: Sequence[Row]) -> Tensor:
        wanted = torch.as_tensor([row.targets[0] for row in rows], device=logits.device)
        return torch.nn.functional.cross_entropy(logits.float(), wanted)

    def pick(self, logits: Tensor, rows: Sequence[Row]) -> list[Tensor]:
        return [logits[number : number + 1] for number in range(len(rows))]

    def decode(
        self, examples: Sequence[LabelledText], scores: Sequence[np.ndarray], labels: Sequence[str]
    ) -> list[Prediction]:
        rows = []
        for example, (score,) in zip(examples, scores, strict=True):
            text = (
                {"text": example.text}
                if example.pair is None
                else {"premise": example.text, "hypothesis": example.pair}
            )
            chances = {label: round(float(chance), 6) for label, chance in zip(labels, score, strict=True)}
            rows.append(
                {"id": example.id, "language": example.language, **text}
                | {"label": labels[int(score.argmax())], "scores": chances}
            )
        return rows

    def counts(self, examples: Sequence[LabelledText], predictions: Sequence[Prediction]) -> np.ndarray:
        """Per example: whether it is right, and one."""
        right = [example.label == row["label"] for example, row in zip(examples, predictions, strict=True)]
        return np.stack([np.asarray(right, dtype=float), np.ones(len(right))], axis=1)

    def value(self, sums: np.ndarray) -> np.ndarray:
        return np.asarray(100 * sums[..., 0] / np.maximum(sums[..., 1], 1))

    def score(self, examples: Sequence[LabelledText], predictions: Sequence[Prediction]) -> dict[str, float]:
        from sklearn.metrics import accuracy_score, f1_score

        gold = [example.label for example in examples]
        found = [row["label"] for row in predictions]
        none: Any = 0  # scikit-learn types it as a text and takes both
        macro = f1_score(gold, found, average="macro", zero_division=none)
        return {"accuracy": 100 * float(accuracy_score(gold, found)), "macro_f1": 100 * float(macro)}


def _number(example: LabelledText, number: dict[str, int]) -> int:
    assert example.label is not None
    if example.label not in number:
        raise InputError(
            f"label {example.label!r} of row {example.id} is unknown to the task module",
            where=f"data in {example.language}",
            choices=number,
            hint="train a task module that knows it, or leave the row out",
        )
    return number[example.label]
