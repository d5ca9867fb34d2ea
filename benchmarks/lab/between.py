"""The methods between modules: those of several languages, combined without labels or on the source's.

They stand under the control's task module, which knows the source alone; only a hypernetwork is one itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lab.ground import Ground
from lab.method import Method, Modules
from xling.composition.grammar import parse
from xling.makers.stage import Stage
from xling.modules.module import Module
from xling.training.specs import HypernetworkTraining, LanguageTraining, TaskTraining, TrainingSettings
from xling.typology import related

ROWS = 300  # of a language, the same for all of them: EMEA takes many passes over each row
FUSED = ("eng", "swh", "kin", "xho")
_MLM = LanguageTraining(
    kind="bottleneck", training=TrainingSettings(steps=100, learning_rate=1e-3, batch_tokens=1024)
)
_FUSING = TrainingSettings(steps=200, learning_rate=1e-3, batch_tokens=1024)
_HYPER = HypernetworkTraining(
    kind="hyper-x",
    options={"source": 32},
    training=TrainingSettings(steps=800, learning_rate=1e-3, batch_tokens=1024),  # half of them the task's
)


def relatives(ground: Ground, language: str) -> tuple[str, str]:
    """Return the two languages of the suite that are nearest to a language, the nearest first."""
    others = [tag for tag in _languages(ground) if tag != language]
    nearest = related(language, others).language
    return nearest, related(language, [tag for tag in others if tag != nearest]).language


def own(ground: Ground, language: str, seed: int) -> Modules:
    """Return the control's module and the language's own."""
    return {**_control(ground, seed), f"lang/{language}": ground.language_module(language, _MLM)}


def near(ground: Ground, language: str, seed: int) -> Modules:
    """Return the control's module and those of the two nearest languages."""
    first, second = (ground.language_module(tag, _MLM) for tag in relatives(ground, language))
    return {**_control(ground, seed), "lang/nearest": first, "lang/second": second}


def every(ground: Ground, language: str, seed: int) -> Modules:
    """Return the control's module and those of all languages of the suite."""
    return _control(ground, seed) | {
        f"lang/{tag}": ground.language_module(tag, _MLM) for tag in _languages(ground)
    }


def fused(kind: str) -> Callable[[Ground, str, int], Modules]:
    """Return a function that returns four language modules and what has learned to combine them."""

    def of(ground: Ground, language: str, seed: int) -> Modules:
        below = _control(ground, seed) | {f"lang/{tag}": ground.language_module(tag, _MLM) for tag in FUSED}
        learned = replace(
            ground.task_module(seed),
            name=f"fusion/{kind}/{seed}",
            spec=TaskTraining(kind=kind, training=_FUSING),
            plan=parse(_fused(seed)),
            modules=below,
        )
        return {**below, "fusion": learned}

    return of


def generating(ground: Ground, language: str, seed: int) -> Modules:
    """Return a hypernetwork that learns the task by the source's examples, and every language by its text.

    The source has text too: what is the task's and what the language's shows where a language has both.
    """
    alone = ground.task_module(seed)
    data = {f"{role}/{alone.task}": alone.given(role) for role in ("train", "dev")}
    data |= {f"text/{tag}": ground.text(tag) for tag in dict.fromkeys((alone.language, *_languages(ground)))}
    head = {"head": {"pooling": "mean"}} if ground.suite.translations else {}  # of whole texts, as e5 pools
    spec = _HYPER.model_copy(update={"options": {**_HYPER.options, **head}})
    return {"hyper-x": replace(alone, name=f"hyper-x/{seed}", spec=spec, data=data)}


def _control(ground: Ground, seed: int) -> dict[str, Stage | Module]:
    return {f"task/{seed}": ground.task_module(seed)}


def _languages(ground: Ground) -> tuple[str, ...]:
    suite = ground.suite
    return tuple(tag for tag in (*suite.chosen, *suite.reported) if ground.has_text(tag))


def _fused(seed: int, last: str = "") -> str:
    return f"fuse({', '.join(f'lang/{tag}' for tag in FUSED)}{last}) >> task/{seed}"


def _emea(steps: int) -> Method:
    return Method(
        name=f"emea-{steps}",
        plan=lambda language, seed: f"emea(lang/nearest, lang/second; {steps}) >> task/{seed}",
        modules=near,
    )


_ALL = (
    Method(
        name="own",
        plan=lambda language, seed: f"lang/{language} >> task/{seed}",
        modules=own,
        suits=Ground.has_text,
    ),
    Method(
        name="related",
        plan=lambda language, seed: f"mean(lang/nearest, lang/second) >> task/{seed}",
        modules=near,
    ),
    _emea(1),
    _emea(10),
    *(
        Method(name=kind, plan=lambda language, seed: _fused(seed, "; fusion"), modules=fused(kind))
        for kind in ("fusion", "scalearn")
    ),
    Method(
        name="auto",
        plan=lambda language, seed: f"route(auto: lang/*, *: none) >> task/{seed}",
        modules=every,
    ),
    Method(
        name="hyper-x",
        plan=lambda language, seed: "hyper-x",
        modules=generating,
        suits=Ground.has_text,
    ),
)
BETWEEN = tuple(replace(method, rows=ROWS) for method in _ALL)
