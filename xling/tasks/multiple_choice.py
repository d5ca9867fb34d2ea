"""Multiple choice: each answer is read with the context and the question, and the best one is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence

from xling.bases.base import Base
from xling.data.examples import Choice
from xling.errors import InputError
from xling.modules.head import HeadConfig
from xling.tasks.comparison import Comparison, LabelPair, ShownAnswer
from xling.tasks.task import Link, Prediction, Row, by_example
from xling.tasks.text_rows import cut, piece_counts, row_scores, sequence_head


class MultipleChoice:
    """COPA and XCOPA, Belebele and their like. Metric: accuracy.

    One row a choice: context and question, then the choice, as Radford et al. 2018 read multiple choice; one
    output of the head scores it. Of a context that is too long the end is cut, never the question or a
    choice. The question is taken as it stands: for XCOPA the bare word `cause` or `effect`, which is the
    same in every language's files (see `xling.data.choices`).
    The target of a row is one for the right choice, else zero.
    """

    name, metric, together = "multiple-choice", "accuracy", True
    link = Link(lambda scores, labels: scores.log_softmax(0))

    def example(self, item: Any, id: str, language: str) -> Choice:
        """InputError where the item is no mapping with `context`, `question` and `choices`."""
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
        """The one output: how right a choice is."""
        return ("right",)

    def head(self, labels: Sequence[str], base: Base) -> HeadConfig:
        return sequence_head(1, base)

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
        """The mean cross-entropy over the choices of each example, which may differ in their number."""
        groups = [list(own) for _, own in groupby(range(len(rows)), key=lambda number: rows[number].example)]
        scores = pad_sequence(
            [logits[own, 0].float() for own in groups], batch_first=True, padding_value=-torch.inf
        )
        right = [[rows[number].targets[0] for number in own].index(1) for own in groups]
        return cross_entropy(scores, torch.as_tensor(right, device=logits.device))

    def pick(self, logits: Tensor, rows: Sequence[Row]) -> list[Tensor]:
        return row_scores(logits, rows)

    def decode(
        self,
        examples: Sequence[Choice],
        rows: Sequence[Row],
        scores: Sequence[Tensor],
        labels: Sequence[str],
    ) -> list[Prediction]:
        """scores: [1, 1] of each choice; those of a prediction are a softmax over the example's choices."""
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

    def counts(self, examples: Sequence[Choice], predictions: Sequence[Prediction]) -> np.ndarray:
        """Per example: whether it is right, and one."""
        right = [example.label == row["label"] for example, row in zip(examples, predictions, strict=True)]
        return np.stack([np.asarray(right, dtype=float), np.ones(len(right))], axis=1)

    def value(self, sums: np.ndarray) -> np.ndarray:
        return np.asarray(100 * sums[..., 0] / np.maximum(sums[..., 1], 1))

    def score(self, examples: Sequence[Choice], predictions: Sequence[Prediction]) -> dict[str, float]:
        return {"accuracy": float(self.value(self.counts(examples, predictions).sum(0)))}

    def compare(self, gold: Prediction, predicted: Prediction) -> list[Comparison]:
        """The choices are numbered from one."""
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


def _target(example: Choice, place: int) -> tuple[int, ...]:
    return () if example.label is None else (int(example.label == place),)


def _first_segments(examples: Sequence[Choice], tokenizer: Any, max_length: int) -> list[str]:
    """Context and question of each example, the context cut so that the longest choice has its place."""
    room = max_length - tokenizer.num_special_tokens_to_add(pair=True)
    questions = piece_counts([example.question for example in examples], tokenizer)
    choices = iter(piece_counts([own for example in examples for own in example.choices], tokenizer))
    longest = [max(next(choices) for _ in example.choices) for example in examples]
    rooms = [room - question - choice for question, choice in zip(questions, longest, strict=True)]
    contexts = cut([example.context for example in examples], rooms, tokenizer)
    return [f"{own} {example.question}".strip() for own, example in zip(contexts, examples, strict=True)]
