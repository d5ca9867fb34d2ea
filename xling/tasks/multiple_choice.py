"""Multiple choice: each choice is scored together with the context and the question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence

from xling.data.examples import Choice, digest
from xling.data.place import Place
from xling.data.rows import Record, as_text, as_texts
from xling.errors import InputError
from xling.printable import shown
from xling.tasks.comparison import Comparison, LabelPair, ShownAnswer
from xling.tasks.metrics import share
from xling.tasks.reading import TABLES, Files, Reading
from xling.tasks.task import Link, Prediction, Row, by_example
from xling.tasks.text_rows import cut, piece_counts, row_scores, sequence_head

_IDS = ("idx", "id")


@dataclass(frozen=True, kw_only=True)
class ChoiceLayout:
    """The column names of a file format.

    choices: one column for each choice, or one column with a list. first: the label of the first choice, 0 or
    1.
    """

    context: str
    question: str
    choices: tuple[str, ...]
    label: str
    first: int = 0

    def columns(self) -> tuple[str, ...]:
        """The columns that identify the layout, without the label, which unlabelled files do not have."""
        return (self.context, self.question, *self.choices)


# In COPA and XCOPA the question is the word `cause` or `effect` in the files of all languages. It is kept
# as it is, so that source and target share one marker, which the head learns on the source. A question in
# English (`What was the cause of this?`) would put a second language into every target row.
LAYOUTS: Mapping[str, ChoiceLayout] = {
    "copa": ChoiceLayout(
        context="premise", question="question", choices=("choice1", "choice2"), label="label"
    ),
    "belebele": ChoiceLayout(
        context="flores_passage",
        question="question",
        choices=("mc_answer1", "mc_answer2", "mc_answer3", "mc_answer4"),
        label="correct_answer_num",
        first=1,
    ),
    "own": ChoiceLayout(context="context", question="question", choices=("choices",), label="label"),
}


class MultipleChoice:
    """Multiple choice, as in COPA, XCOPA and Belebele. Metric: accuracy.

    Each choice has a row of its own: context and question, then the choice (Radford et al. 2018); a head with
    one output scores it. When a row is too long, the end of the context is cut, never the question or a
    choice. The question is used as it is: for XCOPA the word `cause` or `effect` in all languages (see
    `LAYOUTS`). The target of a row is one for the right choice and zero for the others.
    """

    name, metric, together, template = "multiple-choice", "accuracy", True, "choice"
    link = Link(lambda scores, labels: scores.log_softmax(0))
    files, outputs = Files(rows=TABLES), {}

    def of_rows(self, rows: Iterable[Record], how: Reading) -> Iterator[Choice]:
        """Make examples of rows in one of the `LAYOUTS`, which is recognised by its columns.

        Without a column `idx` or `id`, the id is CONTEXT/ROW, both as numbers, so that the questions about
        one passage can be kept together. Raises InputError when a column is missing, a cell has a wrong type,
        a label is not one of the choices, or an id occurs twice.
        """
        seen: dict[str, Place] = {}
        contexts: dict[bytes, int] = {}
        for number, row in enumerate(rows):
            layout = _layout(row, gold=how.gold)
            context, question = row.text(layout.context), row.text(layout.question)
            choices = _choices(row, layout)
            label = _label(row, layout, len(choices)) if how.gold else None
            group = contexts.setdefault(digest(context), len(contexts))
            given = next((row.cells[name] for name in _IDS if row.cells.get(name) is not None), None)
            identity = f"{group}/{number}" if given is None else as_text(given)
            if identity is None:
                raise row.place.fault(f"{shown(given)} is no id")
            if identity in seen:
                raise row.place.fault(f"the id {shown(identity)} stands in {seen[identity]} already")
            seen[identity] = row.place
            yield Choice(
                context=context,
                question=question,
                choices=choices,
                label=label,
                id=identity,
                language=how.language,
                translation=how.translation_of(row),
            )

    def example(self, item: Any, id: str, language: str) -> Choice:
        """Make an example; raises InputError unless the item has `context`, `question` and `choices`."""
        found = item if isinstance(item, Mapping) else {}
        texts, choices = [found.get(key) for key in ("context", "question")], found.get("choices") or ()
        listed = isinstance(choices, (list, tuple)) and len(choices) > 1
        if not listed or not all(isinstance(text, str) for text in (*texts, *choices)):
            hint = (
                'give {"context": "Amina alianguka", "question": "effect", "choices": ["Alilia", "Alilala"]}'
            )
            raise InputError("the task takes contexts, questions and choices", where="predict", hint=hint)
        return Choice(
            context=str(texts[0]),
            question=str(texts[1]),
            choices=tuple(choices),
            label=None,
            id=id,
            language=language,
        )

    def labels(self, examples: Sequence[Choice]) -> tuple[str, ...]:
        """Return the name of the only output, the score of a choice."""
        return ("right",)

    head = staticmethod(sequence_head)

    def rows(
        self, examples: Sequence[Choice], tokenizer: Any, labels: Sequence[str], max_length: int
    ) -> list[Row]:
        firsts = _first_segments(examples, tokenizer, max_length)
        cells = [
            (number, place, first, choice)
            for number, (example, first) in enumerate(zip(examples, firsts, strict=True))
            for place, choice in enumerate(example.choices)
        ]
        encoded = tokenizer(
            [first for _, _, first, _ in cells],
            [choice for _, _, _, choice in cells],
            truncation=True,
            max_length=max_length,
        )["input_ids"]
        return [
            Row(ids=tuple(ids), at=(), targets=_target(examples[number], place), example=number)
            for ids, (number, place, _, _) in zip(encoded, cells, strict=True)
        ]

    def loss(self, logits: Tensor, rows: Sequence[Row]) -> Tensor:
        """Return the mean cross-entropy over each example's choices; their number may differ."""
        groups = [list(own) for _, own in groupby(range(len(rows)), key=lambda number: rows[number].example)]
        scores = pad_sequence(
            [logits[own, 0].float() for own in groups], batch_first=True, padding_value=-torch.inf
        )
        right = [[rows[number].targets[0] for number in own].index(1) for own in groups]
        return cross_entropy(scores, torch.as_tensor(right, device=logits.device))

    pick = staticmethod(row_scores)

    def decode(
        self,
        examples: Sequence[Choice],
        rows: Sequence[Row],
        scores: Sequence[Tensor],
        labels: Sequence[str],
    ) -> list[Prediction]:
        """Predict the best choice by a softmax over each example's choices. scores: [1, 1] for each row."""
        found = []
        for example, own in zip(examples, by_example(rows, scores, len(examples)), strict=True):
            chances = torch.cat(own)[:, 0].softmax(0)
            found.append(
                {
                    "id": example.id,
                    "language": example.language,
                    "context": example.context,
                    "question": example.question,
                    "choices": list(example.choices),
                    "label": int(chances.argmax()),
                    "scores": [round(chance, 6) for chance in chances.tolist()],
                }
            )
        return found

    def gold(self, example: Choice) -> Prediction:
        return {} if example.label is None else {"label": example.label}

    def label_names(self, example: Choice) -> tuple[str, ...]:
        return ()

    def counts(self, examples: Sequence[Choice], predictions: Sequence[Prediction]) -> np.ndarray:
        """Count, for each example, [right, 1]."""
        right = [example.label == row["label"] for example, row in zip(examples, predictions, strict=True)]
        return np.stack([np.asarray(right, dtype=float), np.ones(len(right))], axis=1)

    value = staticmethod(share)

    def score(self, examples: Sequence[Choice], predictions: Sequence[Prediction]) -> dict[str, float]:
        return {"accuracy": float(self.value(self.counts(examples, predictions).sum(0)))}

    def compare(self, gold: Prediction, predicted: Prediction) -> list[Comparison]:
        """Compare the chosen answers; choices are numbered from one."""
        (right, over), (own, under) = (
            (
                f"answer {number + 1}",
                ShownAnswer(
                    f"answer {number + 1}: {predicted['choices'][number]}", predicted["scores"][number]
                ),
            )
            for number in (gold["label"], predicted["label"])
        )
        pairs = (LabelPair(right, own),)
        return [Comparison(title="Labels", unit="examples", pairs=pairs, gold=(over,), predicted=(under,))]


def _layout(row: Record, *, gold: bool) -> ChoiceLayout:
    """The layout that fits the row's columns best; raises InputError when columns of it are missing."""
    wanted = {
        name: (*layout.columns(), *([layout.label] if gold else [])) for name, layout in LAYOUTS.items()
    }
    lacking = {name: [one for one in columns if one not in row.cells] for name, columns in wanted.items()}
    best = min(LAYOUTS, key=lambda name: len(lacking[name]) / len(wanted[name]))
    if lacking[best]:
        there = ", ".join(shown(name) for name in list(row.cells)[:20]) or "none"
        layouts = "; or ".join(f"{', '.join(layout.columns())}" for layout in LAYOUTS.values())
        raise row.header.fault(
            f"no column {', '.join(map(repr, lacking[best]))} among {there}",
            hint=f"the columns of multiple choice are {layouts}",
        )
    return LAYOUTS[best]


def _choices(row: Record, layout: ChoiceLayout) -> tuple[str, ...]:
    first, *others = layout.choices
    choices = tuple(map(row.text, layout.choices)) if others else as_texts(row.cells[first]) or ()
    if len(choices) < 2 or not all(choice.strip() for choice in choices):
        held = ", ".join(shown(row.cells[name]) for name in layout.choices)
        raise row.place.fault(f"{', '.join(layout.choices)} hold {held}, not two choices or more")
    return choices


def _label(row: Record, layout: ChoiceLayout, count: int) -> int:
    """The index of the right choice; a label is its number or, in some data sets, its column name."""
    numbers = {str(layout.first + number): number for number in range(count)}
    told = (as_text(row.cells[layout.label]) or "").strip()
    if told not in numbers and told not in layout.choices:
        problem = f"{layout.label} is {shown(row.cells[layout.label])}, outside the choices"
        raise row.place.fault(problem, choices=numbers)
    return numbers[told] if told in numbers else layout.choices.index(told)


def _target(example: Choice, place: int) -> tuple[int, ...]:
    return () if example.label is None else (int(example.label == place),)


def _first_segments(examples: Sequence[Choice], tokenizer: Any, max_length: int) -> list[str]:
    """Each example's context and question, the context cut so that the longest choice fits into the row."""
    room = max_length - tokenizer.num_special_tokens_to_add(pair=True)
    questions = piece_counts([example.question for example in examples], tokenizer)
    choices = iter(piece_counts([own for example in examples for own in example.choices], tokenizer))
    longest = [max(next(choices) for _ in example.choices) for example in examples]
    rooms = [room - question - choice for question, choice in zip(questions, longest, strict=True)]
    contexts = cut([example.context for example in examples], rooms, tokenizer)
    return [f"{own} {example.question}".strip() for own, example in zip(contexts, examples, strict=True)]


TASK = MultipleChoice()
