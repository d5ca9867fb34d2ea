"""Single-label classification of a text or of a pair of texts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xling.data.examples import LabelledText
from xling.data.rows import Columns, Record
from xling.tasks.comparison import Comparison, one_label
from xling.tasks.metrics import share
from xling.tasks.reading import Reading
from xling.tasks.task import ONE_LABEL, Prediction, Row, numbered
from xling.tasks.text_rows import (
    TEXT_FILES,
    described,
    judged,
    learned,
    row_scores,
    sequence_head,
    text_cells,
    text_rows,
    usual_columns,
)
from xling.words.aligning import Aligner

_LABELS = ("label", "category", "sentiment", "topic")


class Classification:
    """Classification with one label: topics, sentiment, NLI. Metric: accuracy, with F1 (scikit-learn)."""

    name, metric, together, template = "classification", "accuracy", False, "topic"
    link = ONE_LABEL
    files, outputs = TEXT_FILES, {}

    def of_rows(self, rows: Iterable[Record], how: Reading) -> Iterator[LabelledText]:
        """Make examples of rows; labels are stripped and normalised to Unicode NFC."""
        columns = how.columns
        for number, row in enumerate(rows):
            columns = columns or usual_columns(row, _LABELS if how.gold else ())
            cells = text_cells(row, columns, number, how)
            yield LabelledText(**cells, label=_label_in(row, columns, how.labels))

    def example(self, item: Any, id: str, language: str) -> LabelledText:
        text, pair = (item, None) if isinstance(item, str) else item
        return LabelledText(text=text, label=None, id=id, language=language, pair=pair)

    def labels(self, examples: Sequence[LabelledText]) -> tuple[str, ...]:
        """Return the sorted labels of the training data; raises InputError when no text has a label."""
        return learned(example.label for example in examples if example.label is not None)

    head = staticmethod(sequence_head)

    def rows(
        self, examples: Sequence[LabelledText], tokenizer: Any, labels: Sequence[str], max_length: int
    ) -> list[Row]:
        targets = [
            () if example.label is None else (numbered(example.label, labels, example),)
            for example in examples
        ]
        return text_rows(examples, targets, tokenizer, max_length)

    def loss(self, logits: Tensor, rows: Sequence[Row]) -> Tensor:
        wanted = torch.as_tensor([row.targets[0] for row in rows], device=logits.device)
        return torch.nn.functional.cross_entropy(logits.float(), wanted)

    pick = staticmethod(row_scores)

    def decode(
        self,
        examples: Sequence[LabelledText],
        rows: Sequence[Row],
        scores: Sequence[Tensor],
        labels: Sequence[str],
    ) -> list[Prediction]:
        found = []
        for example, score in zip(examples, scores, strict=True):
            (chances,) = score.softmax(-1).tolist()
            named = {label: round(chance, 6) for label, chance in zip(labels, chances, strict=True)}
            best = labels[int(score.argmax())]
            found.append({**described(example), "label": best, "scores": named})
        return found

    def carried(self, said: Prediction, example: LabelledText, aligner: Aligner) -> LabelledText:
        """Give the text the label of its translation."""
        return replace(example, label=said["label"])

    def gold(self, example: LabelledText) -> Prediction:
        return {} if example.label is None else {"label": example.label}

    def label_names(self, example: LabelledText) -> list[str]:
        return [str(example.label)]

    def counts(self, examples: Sequence[LabelledText], predictions: Sequence[Prediction]) -> np.ndarray:
        """Count, for each example, [right, 1]; both are zero without a gold label."""
        both = zip(examples, predictions, strict=True)
        sums = [(example.label == row["label"], example.label is not None) for example, row in both]
        return np.asarray(sums, dtype=float).reshape(-1, 2)

    value = staticmethod(share)

    def score(self, examples: Sequence[LabelledText], predictions: Sequence[Prediction]) -> dict[str, float]:
        from sklearn.metrics import accuracy_score, f1_score

        known, rows = judged(self, examples, predictions)
        gold, found = [example.label for example in known], [row["label"] for row in rows]
        none: Any = 0  # scikit-learn annotates it as a string but accepts a number
        means = ("macro", "weighted")
        f1 = {f"{mean}_f1": f1_score(gold, found, average=mean, zero_division=none) for mean in means}
        return {"accuracy": 100 * float(accuracy_score(gold, found))} | {
            name: 100 * float(value) for name, value in f1.items()
        }

    def compare(self, gold: Prediction, predicted: Prediction) -> list[Comparison]:
        return [one_label(gold, predicted)]


def _label_in(row: Record, columns: Columns, names: Mapping[str, str]) -> str | None:
    """The label of a row; None when its cell is blank."""
    label = unicodedata.normalize("NFC", (row.text_or_none(columns.label) or "").strip())
    return names.get(label, label) or None


TASK = Classification()
