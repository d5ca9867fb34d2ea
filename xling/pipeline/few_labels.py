"""Task modules that have learned from some labels of a target itself: the commonest real case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from xling.makers.make import checked
from xling.makers.stage import NOTHING, Data, Stage
from xling.pipeline.conditions import FEW_OF, task_name
from xling.pipeline.corpus import Corpus
from xling.training.specs import TaskTraining

Way = Callable[[Stage[TaskTraining], Data, float], Stage[TaskTraining]]  # called with a number of epochs


def few_stages(corpus: Corpus, alone: Stage[TaskTraining], most: Stage[TaskTraining]) -> Iterator[Stage]:
    """Yield the training of each target's own task module; nothing when the recipe has no such labels.

    alone: the training on the source's examples. most: the one that it learns from beside or before the
    target's labels, with labels that were carried over if the recipe has any.
    """
    section = corpus.recipe.task_module.few
    if section is None:
        return
    before = most if most.plan == alone.plan else alone  # one above a language module is of that language
    for language in corpus.recipe.targets:
        learned = WAYS[section.way](before, corpus.examples(section.labels, language), section.epochs)
        name = task_name(corpus.recipe, alone.seed, f"{FEW_OF}{language}")
        yield checked(replace(learned, name=name, language=language))


def _after(before: Stage[TaskTraining], labels: Data, epochs: float) -> Stage[TaskTraining]:
    """Return a training that goes on from a module, without a dev split: there is none of the target."""
    length = {"steps": None, "minutes": None, "epochs": epochs, "evaluate_every": 0}
    training = before.spec.training.model_copy(update=length)
    return replace(
        before,
        spec=before.spec.model_copy(update={"training": training}),
        data={"train": labels, "dev": NOTHING},
        modules={"init": before},
    )


def _joined(before: Stage[TaskTraining], labels: Data, epochs: float) -> Stage[TaskTraining]:
    """Return the same training with more labels."""
    return replace(before, data={**before.data, "train/own": labels})


WAYS: Mapping[str, Way] = {
    "after": _after,
    "joined": _joined,
}
