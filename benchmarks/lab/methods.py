"""The methods: which modules each one needs, and the plan that predicts with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lab.between import BETWEEN
from lab.few import OWN_LABELS
from lab.ground import Ground
from lab.method import CONTROL, Method, Modules
from lab.papers import OF_PAPERS
from lab.states import STATES, aligned
from lab.taught import TAUGHT
from xling.makers.stage import Stage
from xling.modules.module import Module
from xling.training.specs import TaskTraining

SEEDS = (0, 1, 2)
CARRIED, MORE_CARRIED, READ_AGAIN = 1200, 4000, 800
PARTS = ("query", "key", "value", "output")
LORA: Mapping[str, Any] = {
    "kind": "lora",
    "options": {
        "rank": 16,
        "alpha": 16.0,
        "sites": [f"attention.{part}" for part in PARTS] + ["ffn.up", "ffn.down"],
    },
}


def none(ground: Ground, language: str, seed: int) -> Modules:
    """Return the control's module: the recipe's task module, which knows the source language alone."""
    return {f"task/{seed}": ground.task_module(seed)}


def two_seeds(ground: Ground, language: str, seed: int) -> Modules:
    """Return the control's modules of a seed and of the next one."""
    return {**none(ground, language, seed), **none(ground, language, _next(seed))}


def glossed(
    lexicon: Callable[..., Stage] = Ground.lexicon, **how: Any
) -> Callable[[Ground, str, int], Modules]:
    """Return a function that returns the control's module and the lexicon of a language's pairs.

    lexicon: the method of `Ground` that returns it. how: what that takes, such as a field of `LexiconBuild`.
    """

    def of(ground: Ground, language: str, seed: int) -> Modules:
        return {**none(ground, language, seed), f"words/{language}": lexicon(ground, language, **how)}

    return of


def carried(
    *others: Callable[[Ground, str, int], Modules], limit: int = CARRIED, **changes: Any
) -> Callable[[Ground, str, int], Modules]:
    """Return a function that returns the task module with labels carried over the pairs of all languages.

    others: functions whose modules stand beside it. limit: the number of pairs of a language.
    """

    def of(ground: Ground, language: str, seed: int) -> Modules:
        found: dict[str, Stage | Module] = {"task/carried": ground.carried(seed, limit, **changes)}
        for other in others:
            found |= other(ground, language, seed)
        return found

    return of


def mixed(ground: Ground, language: str, seed: int) -> Modules:
    """Return the module that also learned from English sentences with words of the pairs' languages."""
    return {"task/mixed": ground.mixed(seed)}


def last_layers(ground: Ground, language: str, seed: int) -> Modules:
    """Return the control's module without bottlenecks in the lower two thirds of the layers."""
    return {"task/last": ground.task_module(seed, options={"leave_out": list(range(8))})}


def gentle(ground: Ground, seed: int) -> dict[str, Any]:
    """Return the fields of a task module's training with half the learning rate and the encoder's dropout."""
    settings = ground.task_module(seed).spec
    assert isinstance(settings, TaskTraining)
    changes = {"learning_rate": settings.training.learning_rate / 2, "base_dropout": True}
    return {"training": settings.training.model_copy(update=changes)}


def gently(ground: Ground, language: str, seed: int) -> Modules:
    """Return the control's module, trained more gently."""
    return {"task/gently": ground.task_module(seed, **gentle(ground, seed))}


def carried_gently(ground: Ground, language: str, seed: int) -> Modules:
    """Return the module with carried labels, trained more gently, and the lexicon where there are pairs."""
    found: dict[str, Stage | Module] = {"task/carried": ground.carried(seed, CARRIED, **gentle(ground, seed))}
    if ground.has_pairs(language):
        found[f"words/{language}"] = ground.lexicon(language)
    return found


def carried_aligned(ground: Ground, language: str, seed: int) -> Modules:
    """Return the module with carried labels, trained more gently, the lexicon, and the aligned module."""
    return {**carried_gently(ground, language, seed), f"lang/{language}": aligned(ground, language)}


def as_long(ground: Ground, language: str, seed: int) -> Modules:
    """Return the control's module trained for as many steps as the one with carried labels."""
    settings = ground.task_module(seed).spec
    assert isinstance(settings, TaskTraining)
    steps = ground.workshop.module(ground.carried(seed, CARRIED)).facts.steps
    training = settings.training.model_copy(update={"epochs": None, "steps": steps})
    return {"task/long": ground.task_module(seed, training=training)}


def again(ground: Ground, language: str, seed: int) -> Modules:
    """Return the module with carried labels after it has taught itself on text of all languages."""
    return {"task/again": ground.taught_again(ground.carried(seed, CARRIED), READ_AGAIN)}


def centred(ground: Ground, language: str, seed: int) -> Modules:
    """Return the control's module and the centre of a language's plain text."""
    return {**none(ground, language, seed), f"lang/{language}": ground.centre(language)}


def _next(seed: int) -> int:
    return SEEDS[(SEEDS.index(seed) + 1) % len(SEEDS)] if seed in SEEDS else seed + 1


def _paired(ground: Ground, language: str) -> bool:
    return ground.has_pairs(language)


def _carrying(ground: Ground, language: str) -> bool:
    return ground.suite.pairs is not None and not ground.suite.translations


def _texts(ground: Ground, language: str) -> bool:
    return ground.suite.translations and ground.has_text(language)


def _glossed(language: str, seed: int) -> str:
    return f"words/{language} >> task/{seed}"


def _voted_carried(language: str, seed: int) -> str:
    return f"vote(task/carried, words/{language} >> task/carried)"


def _voted(language: str, seed: int) -> str:
    return f"vote(task/{seed}, words/{language} >> task/{seed})"


NONE = Method(name=CONTROL, plan=lambda language, seed: f"task/{seed}", modules=none)
_ALL = (
    NONE,
    Method(
        name="two-seeds",
        plan=lambda language, seed: f"vote(task/{seed}, task/{_next(seed)})",
        modules=two_seeds,
    ),
    Method(
        name="gloss",
        plan=_glossed,
        modules=glossed(),
        suits=_paired,
    ),
    Method(name="vote", plan=_voted, modules=glossed(), suits=_paired),
    Method(name="vote-shuffled", plan=_voted, modules=glossed(shuffled=True), suits=_paired),
    Method(name="vote-any", plan=_voted, modules=glossed(least=0.0), suits=_paired),
    Method(name="vote-sure", plan=_voted, modules=glossed(least=0.3), suits=_paired),
    Method(name="gloss-latin", plan=_glossed, modules=glossed(Ground.lexicon_in_latin), suits=_paired),
    Method(name="vote-latin", plan=_voted, modules=glossed(Ground.lexicon_in_latin), suits=_paired),
    Method(
        name="gloss-eflomal",
        plan=_glossed,
        modules=glossed(aligner="eflomal"),
        suits=_paired,
    ),
    Method(name="vote-eflomal", plan=_voted, modules=glossed(aligner="eflomal"), suits=_paired),
    Method(
        name="carried",
        plan=lambda language, seed: "task/carried",
        modules=carried(),
        suits=_carrying,
    ),
    Method(
        name="carried-more",
        plan=lambda language, seed: "task/carried",
        modules=carried(limit=MORE_CARRIED),
        suits=_carrying,
    ),
    Method(
        name="carried-more-vote",
        plan=_voted_carried,
        modules=carried(glossed(), limit=MORE_CARRIED),
        suits=_paired,
    ),
    Method(
        name="mixed",
        plan=lambda language, seed: "task/mixed",
        modules=mixed,
        suits=_carrying,
    ),
    Method(name="as-long", plan=lambda language, seed: "task/long", modules=as_long, suits=_carrying),
    Method(name="last-layers", plan=lambda language, seed: "task/last", modules=last_layers),
    Method(name="gently", plan=lambda language, seed: "task/gently", modules=gently),
    Method(
        name="lora",
        plan=lambda language, seed: "task/lora",
        modules=lambda ground, language, seed: {"task/lora": ground.task_module(seed, **LORA)},
    ),
    Method(
        name="carried-lora",
        plan=lambda language, seed: "task/carried",
        modules=carried(**LORA),
        suits=_carrying,
    ),
    Method(
        name="carried-gently",
        plan=lambda language, seed: "task/carried",
        modules=carried_gently,
        suits=_carrying,
    ),
    Method(name="carried-gently-vote", plan=_voted_carried, modules=carried_gently, suits=_paired),
    Method(
        name="carried-aligned",
        plan=lambda language, seed: f"lang/{language} >> task/carried",
        modules=carried_aligned,
        suits=_paired,
    ),
    Method(
        name="carried-aligned-vote",
        plan=lambda language, seed: (
            f"vote(lang/{language} >> task/carried, words/{language} >> task/carried)"
        ),
        modules=carried_aligned,
        suits=_paired,
    ),
    Method(
        name="carried-again",
        plan=lambda language, seed: "task/again",
        modules=again,
        suits=_carrying,
    ),
    Method(
        name="carried-again-vote",
        plan=lambda language, seed: f"vote(task/again, words/{language} >> task/again)",
        modules=lambda ground, language, seed: {
            **again(ground, language, seed),
            f"words/{language}": ground.lexicon(language),
        },
        suits=_paired,
    ),
    Method(
        name="carried-none",
        plan=lambda language, seed: f"vote(task/carried, task/{seed})",
        modules=carried(none),
        suits=_carrying,
    ),
    Method(
        name="carried-vote",
        plan=_voted_carried,
        modules=carried(glossed()),
        suits=_paired,
    ),
    Method(
        name="carried-none-vote",
        plan=lambda language, seed: f"vote(task/carried, task/{seed}, words/{language} >> task/carried)",
        modules=carried(glossed()),
        suits=_paired,
    ),
    Method(
        name="centred",
        plan=lambda language, seed: f"lang/{language} >> task/{seed}",
        modules=centred,
        suits=_texts,
    ),
    Method(
        name="centred-none",
        plan=lambda language, seed: f"vote(task/{seed}, lang/{language} >> task/{seed})",
        modules=centred,
        suits=_texts,
    ),
)
METHODS: Mapping[str, Method] = {
    method.name: method for method in (*_ALL, *BETWEEN, *STATES, *TAUGHT, *OF_PAPERS, *OWN_LABELS)
}
