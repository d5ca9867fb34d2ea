"""Multi-label classification: a text or a pair of texts has any number of labels, or none."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

from xling.data.examples import MultiLabelledText
from xling.data.place import Place
from xling.data.rows import Columns, Record, as_text
from xling.errors import InputError
from xling.printable import shown
from xling.tasks.comparison import Comparison, label_sets
from xling.tasks.metrics import f1, overlaps
from xling.tasks.reading import Reading
from xling.tasks.task import Link, Prediction, Row, cross_entropy, numbered
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

_THRESHOLD = 0.5
_LABELS = ("labels", "emotions", "emotion", "label", "category", "sentiment", "topic")
_SEPARATOR = "|"
_YES, _NO = ("1", "1.0", "true"), ("0", "0.0", "false")
_SURE = -1e-7  # the largest log-probability in training, so that its counterpart is finite


class MultiLabel:
    """Multi-label classification, such as emotions or several topics at once. Metric: micro F1 of labels.

    The targets of a row are a one or a zero for each label. A text without any label has zeros only and is
    used in training; a text without gold labels has no targets.
    """

    name, metric, together, template = "multi-label", "f1", False, "topic"
    link = Link(
        lambda scores, labels: logsigmoid(scores),
        lambda logs: logs - _no(logs),
        lambda wanted, logs: (
            cross_entropy(wanted, logs) + cross_entropy(1 - wanted, _no(logs.clamp(max=_SURE)))
        ),
    )
    files, outputs = TEXT_FILES, {}

    def of_rows(self, rows: Iterable[Record], how: Reading) -> Iterator[MultiLabelledText]:
        """Make examples of rows.

        The labels of a text are in one column, separated by bars or as a JSON list, or each label has a
        column of zeros and ones. An empty cell means that the text has no label; null, or a row whose flags
        are all empty, means that there are no gold labels.
        """
        columns = how.columns
        if columns is None and how.gold:
            rows = list(rows)  # only all of them tell which columns hold flags
            columns = _labelled_columns(rows)
        for number, row in enumerate(rows):
            columns = columns or usual_columns(row, ())
            cells = text_cells(row, columns, number, how)
            yield MultiLabelledText(**cells, labels=_labels_in(row, columns, how.labels))

    def example(self, item: Any, id: str, language: str) -> MultiLabelledText:
        text, pair = (item, None) if isinstance(item, str) else item
        return MultiLabelledText(text=text, labels=None, id=id, language=language, pair=pair)

    def labels(self, examples: Sequence[MultiLabelledText]) -> tuple[str, ...]:
        """Return the sorted labels of the training data; raises InputError when no text has a label."""
        return learned(label for example in examples for label in example.labels or ())

    head = staticmethod(sequence_head)

    def rows(
        self, examples: Sequence[MultiLabelledText], tokenizer: Any, labels: Sequence[str], max_length: int
    ) -> list[Row]:
        targets: list[tuple[int, ...]] = []
        for example in examples:
            own = {numbered(label, labels, example) for label in example.labels or ()}
            gold = tuple(int(number in own) for number in range(len(labels)))
            targets.append(() if example.labels is None else gold)
        return text_rows(examples, targets, tokenizer, max_length)

    def loss(self, logits: Tensor, rows: Sequence[Row]) -> Tensor:
        wanted = torch.as_tensor([row.targets for row in rows], device=logits.device)
        return binary_cross_entropy_with_logits(logits.float(), wanted.float())

    pick = staticmethod(row_scores)

    def decode(
        self,
        examples: Sequence[MultiLabelledText],
        rows: Sequence[Row],
        scores: Sequence[Tensor],
        labels: Sequence[str],
    ) -> list[Prediction]:
        """Predict the labels whose probability is above 0.5."""
        found = []
        for example, score in zip(examples, scores, strict=True):
            chances = dict(zip(labels, score[0].sigmoid().tolist(), strict=True))
            chosen = [label for label, chance in chances.items() if chance > _THRESHOLD]
            named = {label: round(chance, 6) for label, chance in chances.items()}
            found.append({**described(example), "labels": chosen, "scores": named})
        return found

    def carried(self, said: Prediction, example: MultiLabelledText, aligner: Aligner) -> MultiLabelledText:
        """Give the text the labels of its translation."""
        return replace(example, labels=tuple(said["labels"]))

    def gold(self, example: MultiLabelledText) -> Prediction:
        return {} if example.labels is None else {"labels": list(example.labels)}

    def label_names(self, example: MultiLabelledText) -> Sequence[str]:
        return example.labels or ()

    def counts(self, examples: Sequence[MultiLabelledText], predictions: Sequence[Prediction]) -> np.ndarray:
        """Count, for each text, [right, predicted, gold] labels; all are zero without gold labels."""
        both = zip(examples, predictions, strict=True)
        none: set[str] = set()
        return overlaps(
            (none, none) if example.labels is None else (set(example.labels), set(row["labels"]))
            for example, row in both
        )

    value = staticmethod(f1)

    def score(
        self, examples: Sequence[MultiLabelledText], predictions: Sequence[Prediction]
    ) -> dict[str, float]:
        """Compute micro F1, macro F1 over all labels (gold, predicted or scored), and exact matches."""
        from sklearn.metrics import f1_score
        from sklearn.preprocessing import MultiLabelBinarizer

        texts, rows = judged(self, examples, predictions)
        gold = [set(example.labels) for example in texts]
        found = [set(row["labels"]) for row in rows]
        known = sorted(set().union(*gold, *found, *(row.get("scores", ()) for row in rows)))
        binarizer = MultiLabelBinarizer(classes=known or [""])
        right, own = (np.asarray(binarizer.fit_transform(sets)) for sets in (gold, found))
        none: Any = 0  # scikit-learn annotates it as a string but accepts a number
        # computed label by label and flattened: for a single label, scikit-learn would count the zeros too
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


def _no(logs: Tensor) -> Tensor:
    """Return the log-probability that a label does not hold."""
    return (-torch.expm1(logs)).log()


def _labelled_columns(rows: Sequence[Record]) -> Columns:
    """Find the columns by their usual names; labels are in columns of flags when no column lists them."""
    first = rows[0]
    columns = usual_columns(first, ())
    listed = next((name for name in _LABELS if name in first.cells), None)
    if listed is not None:
        return columns.model_copy(update={"label": listed})
    flags = _flag_columns(rows, columns.named())
    if not flags:
        problem = f"no column of the labels in the header ({', '.join(map(shown, first.cells))})"
        hint = "rename the column of the labels, or give each label a column of zeros and ones"
        raise first.header.fault(problem, choices=_LABELS, hint=hint)
    return columns.model_copy(update={"labels": flags})


def _labels_in(row: Record, columns: Columns, names: Mapping[str, str]) -> tuple[str, ...] | None:
    """The labels of a row without duplicates; None when there are no gold labels."""
    if columns.labels:
        found = _flagged(row.cells, columns.labels, row.place)
    elif columns.label is not None:
        found = _listed(row.cells[columns.label], columns.label, row.place)
    else:
        found = None
    if found is None:
        return None
    composed = (unicodedata.normalize("NFC", label) for label in found)
    return tuple(dict.fromkeys(names.get(label, label) for label in composed))


def _flag_columns(rows: Iterable[Record], apart: Collection[str]) -> tuple[str, ...]:
    """The columns of a table that hold only zeros, ones and empty cells. apart: columns to leave out.

    Raises InputError when most cells of a column are flags but one is not: that cell may be a mistake, or the
    column may hold degrees and not flags.
    """
    flags: Counter[str] = Counter()
    others: dict[str, list[tuple[Place, object]]] = {}
    for row in rows:
        for name, value in row.cells.items():
            if name not in apart and _flag(value) is not None:
                flags[name] += 1
            elif name not in apart and not _blank(value):
                others.setdefault(name, []).append((row.place, value))
    for name, found in others.items():
        if flags[name] > len(found):
            place, value = found[0]
            raise _no_flag(name, value, place)
    return tuple(name for name in flags if name not in others)


def _flagged(cells: Mapping[str, Any], columns: tuple[str, ...], place: Place) -> list[str] | None:
    if all(_blank(cells[name]) for name in columns):
        return None
    for name in columns:
        if _flag(cells[name]) is None:
            raise _no_flag(name, cells[name], place)
    return [name for name in columns if _flag(cells[name])]


def _no_flag(column: str, value: object, place: Place) -> InputError:
    return place.fault(
        f"the column {column!r} holds {shown(value)}, neither 0 nor 1",
        hint="name columns of zeros and ones, or one column that lists the labels",
    )


def _blank(value: object) -> bool:
    return value is None or not str(value).strip()


def _flag(value: object) -> bool | None:
    text = (as_text(value) or "").strip().lower()
    return True if text in _YES else False if text in _NO else None


def _listed(value: object, column: str, place: Place) -> list[str] | None:
    """The labels of one cell: a list, a JSON list, or text separated by bars."""
    if value is None:
        return None
    listed: object = value
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            listed = json.loads(value)
        except (ValueError, RecursionError):
            listed = None
    elif not isinstance(value, list):
        listed = (as_text(value) or "").split(_SEPARATOR)
    labels = [as_text(item) for item in listed] if isinstance(listed, list) else [None]
    if None in labels or (as_text(value) is None and not isinstance(value, list)):
        raise place.fault(
            f"the column {column!r} holds {shown(value)}, no list of labels",
            hint=f'separate labels by {_SEPARATOR}, or write a JSON list such as ["joy", "fear"]',
        )
    names = [text for label in labels if label is not None and (text := label.strip())]
    if len(set(names)) < len(names) and all(_flag(name) is not None for name in names):
        raise place.fault(
            f"the column {column!r} holds {shown(value)}, zeros and ones that name no label",
            hint="give each label a column of zeros and ones under its name, or list the names",
        )
    return names


TASK = MultiLabel()
