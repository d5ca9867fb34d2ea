"""The methods with labels of the language itself: all, or a few, joined to the source's or after them.

Few labels after the source's are the few-shot transfer of Lauscher et al. 2020 (From Zero to Hero).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from lab.ground import Ground
from lab.method import Method, Modules
from lab.states import aligned
from xling.composition.grammar import parse
from xling.makers.stage import NOTHING, Stage
from xling.pipeline.few_labels import WAYS
from xling.training.specs import TaskTraining

CURVE, YARDSTICK = (10, 50, 99), 100  # sentences of a language; SIB-200's dev splits have 99
_EPOCHS = 10.0  # over few sentences
_FEW = "task/few"


def _labelled(count: int | None) -> Callable[[Ground, str], bool]:
    return lambda ground, language: ground.own_labels(language, count) is not None


def _labelled_with_pairs(count: int | None) -> Callable[[Ground, str], bool]:
    labelled = _labelled(count)
    return lambda ground, language: ground.has_pairs(language) and labelled(ground, language)


def _of(way: str, count: int, *, glossed: bool = False) -> Callable[[Ground, str, int], Modules]:
    """Return a function that returns the control's module with some labels of the language, as recipes do."""

    def of(ground: Ground, language: str, seed: int) -> Modules:
        before, labels = ground.task_module(seed), ground.own_labels(language, count)
        assert labels is not None
        name = f"{before.name}/{language}-{way}-{count}"
        few = replace(WAYS[way](before, labels, _EPOCHS), name=name, language=language)
        words = {f"words/{language}": ground.lexicon(language)} if glossed else {}
        return {_FEW: few, **words}

    return of


def _curve() -> Iterator[Method]:
    """Yield each way of training with each number of labels, alone and under the vote with the lexicon."""
    for way in WAYS:
        for count in CURVE:
            yield Method(
                name=f"{way}-{count}",
                plan=lambda language, seed: _FEW,
                modules=_of(way, count),
                suits=_labelled(count),
            )
            yield Method(
                name=f"{way}-{count}-vote",
                plan=lambda language, seed: f"vote({_FEW}, words/{language} >> {_FEW})",
                modules=_of(way, count, glossed=True),
                suits=_labelled_with_pairs(count),
            )


def _all(ground: Ground, language: str, seed: int) -> Modules:
    """Return the recipe's task module trained on the labels of the language in place of the source's."""
    before, labels = ground.task_module(seed), ground.own_labels(language)
    assert labels is not None and isinstance(before.spec, TaskTraining)
    training = before.spec.training.model_copy(update={"evaluate_every": 0})
    own = replace(
        before,
        name=f"{before.name}/{language}-own",
        spec=before.spec.model_copy(update={"training": training}),
        language=language,
        data={"train": labels, "dev": NOTHING},
    )
    return {"task/own": own}


def _all_above_aligned(ground: Ground, language: str, seed: int) -> Modules:
    """Return the same above the language's aligned module: what labels can make of that module's states."""
    name = f"lang/{language}"
    below, own = aligned(ground, language), _all(ground, language, seed)["task/own"]
    assert isinstance(own, Stage)
    above = replace(own, name=f"{own.name}-aligned", plan=parse(f"{name} >> new"), modules={name: below})
    return {name: below, "task/own": above}


OWN_LABELS = (
    *_curve(),
    Method(
        name="few-labels",
        plan=lambda language, seed: _FEW,
        modules=_of("after", YARDSTICK),
        suits=_labelled(YARDSTICK),
    ),
    Method(
        name="own-labels",
        plan=lambda language, seed: "task/own",
        modules=_all,
        suits=_labelled(None),
    ),
    Method(
        name="own-labels-aligned",
        plan=lambda language, seed: f"lang/{language} >> task/own",
        modules=_all_above_aligned,
        suits=_labelled_with_pairs(None),
    ),
)
