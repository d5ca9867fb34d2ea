"""Extractive question answering: the answer is a span of the context.

The question comes first, then the context, in overlapping windows where it is long (Devlin et al. 2019,
section 4.2). A head on tokens scores each piece of the context as start and as end of the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence

from xling.data.examples import Question, digest
from xling.data.place import Place
from xling.data.rows import Record, as_text
from xling.data.squad import answers_in, text_at
from xling.errors import InputError
from xling.printable import shown
from xling.tasks.comparison import Comparison, ShownAnswer
from xling.tasks.context_windows import Window, context_windows
from xling.tasks.metrics import share
from xling.tasks.reading import Files, Reading
from xling.tasks.span_decoding import best_answers
from xling.tasks.squad_scorer import squad_exact, squad_f1
from xling.tasks.task import Prediction, Row, by_example
from xling.tasks.word_rows import item_scores, token_head

STRIDE = 128


class QuestionAnswering:
    """Extractive question answering (SQuAD, XQuAD). Metric: token F1, with exact match (`squad_scorer`).

    stride: the number of pieces that neighbouring windows share; fewer in short rows. The targets of a row
    are the indices of the first and last item of the answer, the first one if there are several. A window
    that does not contain the whole answer has no targets and is not used in training.
    """

    name, metric, together, template = "question-answering", "f1", False, "qa"
    files, outputs = Files(rows=("json", "jsonl")), {}

    def __init__(self, stride: int = STRIDE) -> None:
        self.stride = stride

    def of_rows(self, rows: Iterable[Record], how: Reading) -> Iterator[Question]:
        """Make examples of rows with context, question and answers.

        A question's id is TITLE/ID in articles and data sets, with the context's number if there is no title;
        in JSON lines it is the row's `id` or number. Raises InputError when an id occurs twice.
        """
        seen: dict[str, Place] = {}
        contexts: dict[bytes, int] = {}
        for number, row in enumerate(rows):
            if how.columns is not None:
                row.require(("context", "question", *(["answers"] if how.gold else [])))
            told = row.cells.get("id") is not None
            identity = text_at(row.cells, "id", row.place) if told else str(number)
            if identity in seen:
                raise row.place.fault(f"the id {shown(identity)} stands at {seen[identity]} already")
            seen[identity] = row.place
            context, question = (text_at(row.cells, key, row.place) for key in ("context", "question"))
            group = as_text(row.cells.get("title"))
            if how.format != "jsonl" and not group:
                group = str(contexts.setdefault(digest(context), len(contexts)))
            yield Question(
                context=context,
                question=question,
                answers=answers_in(row, context, identity) if how.gold else None,
                id=identity if how.format == "jsonl" else f"{group}/{identity}",
                language=as_text(row.cells.get("language")) or how.language,
                translation=how.translation_of(row),
            )

    def example(self, item: Any, id: str, language: str) -> Question:
        """Make an example; raises InputError unless the item has the texts `question` and `context`."""
        texts = item if isinstance(item, Mapping) else {}
        context, question = texts.get("context"), texts.get("question")
        if not isinstance(context, str) or not isinstance(question, str):
            hint = 'give {"question": "Who?", "context": "Amina anaishi Nairobi"}'
            raise InputError("the task takes questions with their contexts", where="predict", hint=hint)
        return Question(context=context, question=question, answers=None, id=id, language=language)

    def labels(self, examples: Sequence[Question]) -> tuple[str, ...]:
        return ("start", "end")

    head = staticmethod(token_head)

    def rows(
        self, examples: Sequence[Question], tokenizer: Any, labels: Sequence[str], max_length: int
    ) -> list[Row]:
        questions, contexts = [one.question for one in examples], [one.context for one in examples]
        windows = context_windows(questions, contexts, tokenizer, max_length, stride=self.stride)
        return [
            Row(
                ids=own.ids,
                at=own.at,
                targets=_target(examples[own.question], own),
                example=own.question,
                spans=own.spans,
            )
            for own in windows
        ]

    def loss(self, logits: Tensor, rows: Sequence[Row]) -> Tensor:
        """Return the mean cross-entropy of the answer's start and end over the items of each row."""
        items = [own.float() for own in self.pick(logits, rows)]
        scores = pad_sequence(items, batch_first=True, padding_value=-torch.inf)
        wanted = torch.as_tensor([row.targets for row in rows], device=logits.device)
        return cross_entropy(scores.transpose(1, 2).flatten(0, 1), wanted.flatten())

    pick = staticmethod(item_scores)

    def decode(
        self,
        examples: Sequence[Question],
        rows: Sequence[Row],
        scores: Sequence[Tensor],
        labels: Sequence[str],
    ) -> list[Prediction]:
        """Predict the span with the highest sum of raw start and end scores over all windows.

        Within a window this is the most probable span. Between windows raw scores are compared, which is the
        usual practice, since a window without the answer spreads its probability over other pieces. The
        scores in `nbest` are a softmax over these sums.
        """
        own_rows = by_example(rows, rows, len(examples))
        found = by_example(rows, scores, len(examples))
        return [
            {"id": example.id, "language": example.language, "question": example.question}
            | best_answers(example.context, [row.spans for row in windows], own)
            for example, windows, own in zip(examples, own_rows, found, strict=True)
        ]

    def gold(self, example: Question) -> Prediction:
        """Return the first answer in the form of a prediction, and the texts of all answers."""
        if not example.answers:
            return {}
        start, text = example.answers[0]
        texts = [own for _, own in example.answers]
        return {"answer": text, "start": start, "end": start + len(text), "answers": texts}

    def label_names(self, example: Question) -> tuple[str, ...]:
        return ()

    def counts(self, examples: Sequence[Question], predictions: Sequence[Prediction]) -> np.ndarray:
        """Count, for each question, [F1, exact match, 1], all between 0 and 1."""
        sums = np.ones((len(examples), 3))
        for number, (example, row) in enumerate(zip(examples, predictions, strict=True)):
            gold = [text for _, text in example.answers or ()]
            sums[number, :2] = squad_f1(row["answer"], gold), squad_exact(row["answer"], gold)
        return sums

    value = staticmethod(share)

    def score(self, examples: Sequence[Question], predictions: Sequence[Prediction]) -> dict[str, float]:
        f1, exact, count = self.counts(examples, predictions).sum(0)
        return {"f1": 100 * float(f1 / max(count, 1)), "exact_match": 100 * float(exact / max(count, 1))}

    def compare(self, gold: Prediction, predicted: Prediction) -> list[Comparison]:
        """Compare answers; a prediction is right if it equals any gold answer after normalisation."""
        shares = {own["text"]: own["score"] for own in predicted["nbest"]}
        right, own = (
            tuple(ShownAnswer(text or "no answer", shares.get(text)) for text in dict.fromkeys(texts))
            for texts in (gold["answers"], (predicted["answer"],))
        )
        exact = bool(squad_exact(predicted["answer"], gold["answers"]))
        return [Comparison(exact=exact, gold=right, predicted=own)]


def _target(example: Question, window: Window) -> tuple[int, ...]:
    """The first answer's first and last item; empty when the window does not contain all of it."""
    if not example.answers:
        return ()
    start, text = example.answers[0]
    start += len(text) - len(text.lstrip())
    return window.items_of(start, start + len(text.strip())) or ()


TASK = QuestionAnswering()
