"""The methods with labels of the language itself: all, or a few, joined to the source's or after them.

Few labels after the source's are the few-shot transfer of Lauscher et al. 2020 (From Zero to Hero).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from lab.ground import Ground
from lab.method import Method, Modules
from xling.makers.stage import NOTHING, Stage
from xling.training.specs import TaskTraining

CURVE, YARDSTICK = (10, 50, 99), 100  # sentences of a language; SIB-200's dev splits have 99
_EPOCHS = 10.0  # over few sentences
_FEW = "task/few"
Trained = Callable[[Ground, str, int, int], Stage]  # called with a ground, a language, a seed and a number


def after(ground: Ground, language: str, seed: int, count: int) -> Stage:
    """Return the control's module after ten more epochs, on some sentences of the language."""
    before = ground.task_module(seed)
    return _on_own_labels(before, ground, language, count, {"init": before}, epochs=_EPOCHS)


def joined(ground: Ground, language: str, seed: int, count: int) -> Stage:
    """Return the control's module as it learns from the source's sentences and some of the language."""
    alone, own = ground.task_module(seed), ground.own_labels(language, count)
    assert own is not None
    return replace(
        alone,
        name=f"{alone.name}/{language}-joined-{count}",
        data={**alone.data, f"train/{language}": own},
    )


def _on_own_labels(
    before: Stage,
    ground: Ground,
    language: str,
    count: int | None,
    modules: Modules,
    **length: float,
) -> Stage:
    """Return the training of a task module on labels of a language, without any dev split."""
    data = ground.own_labels(language, count)
    assert data is not None and isinstance(before.spec, TaskTraining)
    training = before.spec.training.model_copy(update={"evaluate_every": 0, **length})
    return replace(
        before,
        name=f"{before.name}/{language}-{count or 'own'}",
        spec=before.spec.model_copy(update={"training": training}),
        language=language,
        data={"train": data, "dev": NOTHING},
        modules=modules,
    )


def _labelled(count: int | None) -> Callable[[Ground, str], bool]:
    return lambda ground, language: ground.own_labels(language, count) is not None


def _of(trained: Trained, count: int, *, glossed: bool = False) -> Callable[[Ground, str, int], Modules]:
    def of(ground: Ground, language: str, seed: int) -> Modules:
        words = {f"words/{language}": ground.lexicon(language)} if glossed else {}
        return {_FEW: trained(ground, language, seed, count), **words}

    return of


def _curve() -> Iterator[Method]:
    """Yield each way of training with each number of labels, alone and under the vote with the lexicon."""
    for way, trained in (("after", after), ("joined", joined)):
        for count in CURVE:
            labelled = _labelled(count)
            yield Method(
                name=f"{way}-{count}",
                plan=lambda language, seed: _FEW,
                modules=_of(trained, count),
                suits=labelled,
            )
            yield Method(
                name=f"{way}-{count}-vote",
                plan=lambda language, seed: f"vote({_FEW}, words/{language} >> {_FEW})",
                modules=_of(trained, count, glossed=True),
                suits=lambda ground, tag, labelled=labelled: ground.has_pairs(tag) and labelled(ground, tag),
            )


def _all(ground: Ground, language: str, seed: int) -> Modules:
    """Return the recipe's task module trained on the labels of the language in place of the source's."""
    return {"task/own": _on_own_labels(ground.task_module(seed), ground, language, None, {})}


OWN_LABELS = (
    *_curve(),
    Method(
        name="few-labels",
        plan=lambda language, seed: _FEW,
        modules=_of(after, YARDSTICK),
        suits=_labelled(YARDSTICK),
    ),
    Method(
        name="own-labels",
        plan=lambda language, seed: "task/own",
        modules=_all,
        suits=_labelled(None),
    ),
)
