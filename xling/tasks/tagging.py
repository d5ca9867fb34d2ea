"""Sequence tagging with BIO labels: one piece of each word is scored, and seqeval computes the metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor

from xling.data.bio import OUTSIDE, described, spans
from xling.data.conll import TAGGED
from xling.data.examples import Tagged, TaggedSentence
from xling.tasks.comparison import Comparison, tagged_spans
from xling.tasks.metrics import f1, overlaps
from xling.tasks.reading import Files
from xling.tasks.tag_decoding import best_tags
from xling.tasks.task import Prediction
from xling.tasks.word_rows import OneLabelAWord, column_sentences, conll_bytes, tree_sentences
from xling.words.aligning import Aligner
from xling.words.projecting import carried_spans

_COLUMNS = partial(column_sentences, layout=TAGGED)


class Tagging(OneLabelAWord):
    """Tagging of named entities and other spans. Metric: micro F1 of exact spans (seqeval, not strict)."""

    name, metric, together, template, bio = "tagging", "f1", False, "ner", True
    files = Files(
        readers={"conll": _COLUMNS, "tsv": _COLUMNS, "conllu": tree_sentences},
        rows=("jsonl", "text"),
        input_only=("conllu", "text"),
        usual="conll",
    )
    outputs = {".conll": conll_bytes, ".txt": conll_bytes}

    def labels(self, examples: Sequence[Tagged]) -> tuple[str, ...]:
        types = sorted({tag[2:] for example in examples for tag in example.tags or () if tag != OUTSIDE})
        return (OUTSIDE, *(f"{prefix}-{name}" for name in types for prefix in "BI"))

    def best(self, scores: Tensor, labels: Sequence[str]) -> list[str]:
        return best_tags(scores.float().numpy(force=True), labels)

    def row(self, example: TaggedSentence, tags: list[str]) -> Prediction:
        return {**super().row(example, tags), "spans": described(tags, example.tokens)}

    def carried(self, said: Prediction, example: TaggedSentence, aligner: Aligner) -> TaggedSentence:
        """Carry the spans over; see `carried_spans`."""
        links = aligner.links(example.tokens, said["tokens"])
        return replace(example, tags=tuple(carried_spans(said["tags"], links)))

    def counts(self, examples: Sequence[Tagged], predictions: Sequence[Prediction]) -> np.ndarray:
        """Count, for each sentence, [right, predicted, gold] spans."""
        both = zip(examples, predictions, strict=True)
        return overlaps((set(spans(example.tags or ())), set(spans(row["tags"]))) for example, row in both)

    value = staticmethod(f1)

    def score(self, examples: Sequence[Tagged], predictions: Sequence[Prediction]) -> dict[str, float]:
        from seqeval.metrics.sequence_labeling import precision_recall_fscore_support

        gold = [list(example.tags or ()) for example in examples]
        found = [prediction["tags"] for prediction in predictions]
        none: Any = 0  # seqeval annotates it as a string but accepts a number
        values = precision_recall_fscore_support(gold, found, average="micro", zero_division=none)[:3]
        precision, recall, f1 = (100 * float(np.asarray(value)) for value in values)
        return {"f1": f1, "precision": precision, "recall": recall}

    def compare(self, gold: Prediction, predicted: Prediction) -> list[Comparison]:
        return [tagged_spans(gold, predicted)]


TASK = Tagging()
