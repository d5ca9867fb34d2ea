"""Projecting labels: a task module labels the translations of sentences, and they are carried over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xling.data.examples import TEXTS, Example, sample
from xling.errors import InputError
from xling.makers.composed_model import ComposedModel
from xling.tasks.inference import Progress, unheard
from xling.tasks.reading import unlabelled
from xling.tasks.registry import TASKS, task_named
from xling.tasks.task import CarriesLabels, Prediction, Task
from xling.training.specs import Projection
from xling.words.aligning import Aligner
from xling.words.projecting import NotCarried

Pair = tuple[str, str]
_EMPTY = "an empty side"


@dataclass(frozen=True, kw_only=True)
class Projected:
    """Examples with labels that were carried over, and what became of the pairs.

    examples: the examples; the id of each is the number of its pair.
    pairs: the number of pairs that were taken.
    dropped: the number of pairs that gave no example, by reason.
    labels: how often each label or type of span stands at a word or a text.
    """

    examples: Sequence[Example] = field(repr=False)
    pairs: int
    dropped: Mapping[str, int]
    labels: Mapping[str, int]

    def __str__(self) -> str:
        lost = "".join(f"; {reason}: {count:,}" for reason, count in self.dropped.items())
        return f"labels of {len(self.examples):,} of {self.pairs:,} pairs are carried over{lost}"

    def counts(self) -> dict[str, Any]:
        """Return the numbers, ready for JSON."""
        dropped, labels = dict(self.dropped), dict(self.labels)
        return {"pairs": self.pairs, "carried": len(self.examples), "dropped": dropped, "labels": labels}


def project_pairs(
    model: ComposedModel,
    pairs: Sequence[Pair],
    spec: Projection,
    *,
    language: str,
    seed: int = 0,
    progress: Progress = unheard,
) -> Projected:
    """Label the translations of sentences with a model, and carry the labels over to the sentences.

    pairs: (sentence, its translation).
    language: the language of the sentences.
    seed: the seed with which pairs are drawn.
    progress: a function that is called with the number of rows of pieces that are done, and of all rows.

    Raises InputError when there are no pairs, when no label is carried, or for a task whose labels cannot be.
    """
    task, carrier = model.task, checked_carrier(model.task)
    if not pairs:
        raise InputError("no pair of sentences to carry labels over", where="--pairs")
    chosen = sample(list(enumerate(pairs)), spec.limit, seed)
    whole = {str(number): pair for number, pair in chosen if all(map(str.strip, pair))}
    own, other = (
        unlabelled(task, {id: pair[side] for id, pair in whole.items()}, tag, where="--pairs")
        for side, tag in enumerate((language, spec.source))
    )
    said = model.predict(other, progress=progress)
    aligner, carried, dropped = Aligner(pairs), [], Counter({_EMPTY: len(chosen) - len(whole)})
    for example, labels in zip(own, said, strict=True):
        try:
            carried.append(carrier.carried(labels, example, aligner))
        except NotCarried as reason:
            dropped[str(reason)] += 1
    if not carried:
        raise InputError(f"no label of {len(pairs)} pairs could be carried over", where="--pairs")
    return Projected(
        examples=carried,
        pairs=len(chosen),
        dropped={reason: count for reason, count in dropped.most_common() if count},
        labels=dict(Counter(name for example in carried for name in task.label_names(example)).most_common()),
    )


def checked_carrier(task: Task) -> CarriesLabels:
    """Return a task whose labels can be carried over. Raises InputError, with those that can, for another."""
    if isinstance(task, CarriesLabels):
        return task
    raise InputError(
        f"the labels of {task.name} cannot be carried over to a translation",
        where="--task",
        choices=[name for name in TASKS if isinstance(task_named(name), CarriesLabels)],
    )


def as_row(task: Task, example: Example) -> Prediction:
    """Return a labelled example as a row that the task's reader of JSON lines reads."""
    texts = {name: getattr(example, name) for name in TEXTS if getattr(example, name, None) is not None}
    given = getattr(example, "translation", None)
    also = {"translation": list(given)} if given else {}
    return {"id": example.id, "language": example.language, **texts, **also, **task.gold(example)}
