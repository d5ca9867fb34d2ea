"""What tasks on whole texts share: column names, rows of texts and text pairs, and cutting of long texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from torch import Tensor

from xling.bases.base import Base
from xling.data.examples import LabelledText, MultiLabelledText
from xling.data.rows import Columns, Record
from xling.errors import InputError
from xling.modules.head import HeadConfig
from xling.printable import shown
from xling.tasks.reading import TABLES, Files, Reading
from xling.tasks.task import Prediction, Row, Task

Text = LabelledText | MultiLabelledText

TEXT_FILES = Files(rows=(*TABLES, "text"), input_only=("text",))
_TEXTS = ("text", "sentence", "tweet", "premise")
_IDS = ("id", "index_id", "ID")


def usual_columns(row: Record, labels: Sequence[str]) -> Columns:
    """Find the columns of a user's table by their usual names.

    labels: the possible names of the label column; empty for input without gold labels. Raises InputError,
    with the header, when there is no such column.
    """
    text = next((name for name in _TEXTS if name in row.cells), None)
    label = next((name for name in labels if name in row.cells), None)
    if text is None or (labels and label is None):
        missing, there = "label" if text else "text", ", ".join(map(shown, row.cells))
        raise row.header.fault(
            f"no column of the {missing} in the header ({there})",
            choices=labels if text else _TEXTS,
            hint="rename the column",
        )
    return Columns(
        text=text,
        label=label,
        pair="hypothesis" if "hypothesis" in row.cells else None,
        id=next((name for name in _IDS if name in row.cells), None),
    )


def text_cells(row: Record, columns: Columns, number: int, how: Reading) -> dict[str, Any]:
    """Return the fields of a text or pair that do not depend on its labels. number: its id without one."""
    row.require(columns.named())
    identity = row.text_or_none(columns.id)
    return {
        "text": row.text(columns.text),
        "pair": row.text(columns.pair) if columns.pair else None,
        "id": str(number) if identity is None else identity,
        "language": how.language,
        "translation": how.translation_of(row),
    }


def text_rows(
    examples: Sequence[Text], targets: Sequence[tuple[int, ...]], tokenizer: Any, max_length: int
) -> list[Row]:
    """Encode each example as one row; a long text is cut, in a pair the longer text.

    targets: the targets of each example. max_length: the largest number of pieces in a row, special pieces
    included. A pair is encoded as a pair even if its second text is empty; texts and pairs may be mixed.
    """
    ids: dict[int, list[int]] = {}
    for paired in (False, True):
        chosen = [number for number, own in enumerate(examples) if (own.pair is not None) is paired]
        if chosen:
            texts = [examples[number].text for number in chosen]
            pairs = [examples[number].pair for number in chosen] if paired else None
            found = tokenizer(texts, pairs, truncation=True, max_length=max_length)["input_ids"]
            ids.update(zip(chosen, found, strict=True))
    return [
        Row(ids=tuple(ids[number]), at=(), targets=targets[number], example=number)
        for number in range(len(examples))
    ]


def learned(labels: Iterable[str]) -> tuple[str, ...]:
    """Return the sorted, distinct labels of training data; raises InputError when there is none."""
    found = tuple(sorted(set(labels)))
    if not found:
        raise InputError("no text of the training data has a label", where="--train")
    return found


def sequence_head(labels: Sequence[str], base: Base) -> HeadConfig:
    """Return a sequence classification head in the shape that the base's family uses."""
    shape = base.family.sequence_head
    return HeadConfig(
        outputs=len(labels), pooling="first", dense=shape.nonlinearity, norm=shape.norm is not None
    )


def row_scores(logits: Tensor, rows: Sequence[Row]) -> list[Tensor]:
    """Return the logits [1, outputs] of each row."""
    return [logits[number : number + 1] for number in range(len(rows))]


def judged(
    task: Task, examples: Sequence[Any], predictions: Sequence[Prediction]
) -> tuple[list[Any], list[Prediction]]:
    """Return the examples with gold labels and their predictions; raises InputError when there are none."""
    known = [number for number, example in enumerate(examples) if task.gold(example)]
    if not known:
        raise InputError("no text has a gold label", where="the data", hint="give texts with their labels")
    return [examples[number] for number in known], [predictions[number] for number in known]


def described(example: Text) -> Prediction:
    """Return the part of a prediction that repeats its example: id, language and texts."""
    place = {"id": example.id, "language": example.language}
    if example.pair is None:
        return {**place, "text": example.text}
    return {**place, "premise": example.text, "hypothesis": example.pair}


def piece_counts(texts: Sequence[str], tokenizer: Any) -> list[int]:
    """Return the number of pieces of each text, without special pieces."""
    return [len(ids) for ids in tokenizer(list(texts), add_special_tokens=False)["input_ids"]]


def cut(texts: Sequence[str], rooms: Sequence[int], tokenizer: Any) -> list[str]:
    """Cut each text after a piece so that it has at most a given number of pieces.

    rooms: the largest number of pieces of each text, without special pieces; a text becomes empty when its
    number is not above zero. tokenizer: a fast tokenizer.
    """
    counts = piece_counts(texts, tokenizer)
    return [
        text if count <= room else _cut(text, room, tokenizer)
        for text, count, room in zip(texts, counts, rooms, strict=True)
    ]


def _cut(text: str, room: int, tokenizer: Any) -> str:
    """Cut one text. What is left may split into more pieces than before; then one more piece is removed."""
    for kept in range(room, 0, -1):
        ends = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        shorter = text[: ends[kept - 1][1]]
        if piece_counts([shorter], tokenizer)[0] <= room:
            return shorter
    return ""
