"""Rows of texts and of pairs of texts, scored once each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from xling.bases.opening import Base
from xling.data.examples import LabelledText, MultiLabelledText
from xling.modules.head import HeadConfig
from xling.tasks.task import Prediction, Row

Text = LabelledText | MultiLabelledText


def text_rows(
    examples: Sequence[Text], targets: Sequence[tuple[int, ...]], tokenizer: Any, max_length: int
) -> list[Row]:
    """One row an example; a long text is cut, of a pair the longer one."""
    encoded = tokenizer(
        [example.text for example in examples],
        [example.pair for example in examples] if any(example.pair for example in examples) else None,
        truncation=True,
        max_length=max_length,
    )["input_ids"]
    return [Row(tuple(ids), (), targets[number], number) for number, ids in enumerate(encoded)]


def sequence_head(outputs: int, base: Base) -> HeadConfig:
    """The family's own head of a sequence."""
    shape = base.family.sequence_head
    return HeadConfig(outputs=outputs, pooling="first", dense=shape.nonlinearity, norm=shape.norm is not None)


def row_scores(logits: Tensor, rows: Sequence[Row]) -> list[Tensor]:
    """The logits [1, outputs] of each row."""
    return [logits[number : number + 1] for number in range(len(rows))]


def described(example: Text) -> Prediction:
    """What a prediction says of its example."""
    place = {"id": example.id, "language": example.language}
    if example.pair is None:
        return {**place, "text": example.text}
    return {**place, "premise": example.text, "hypothesis": example.pair}
