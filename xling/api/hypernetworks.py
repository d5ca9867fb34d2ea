"""Hypernetworks in Python: one module for several languages and tasks, and ordinary modules out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xling.api.given import around, given, told
from xling.bases.base import Base
from xling.composition.forms.form import Plan
from xling.data.examples import Example
from xling.languages import parse as parse_tag
from xling.makers.generated import generate
from xling.makers.hypernetwork import learned_in, shared_data
from xling.makers.make import checked, make
from xling.makers.stage import ALONE, Data, Session, Stage
from xling.modules.module import Module
from xling.store.store import Store
from xling.training.specs import HypernetworkTraining, TrainingSettings

NONE: Mapping[str, Any] = {}


def train_hypernetwork(
    base: Base,
    texts: Mapping[str, Sequence[str]] = NONE,
    train: Mapping[str, Sequence[Example]] = NONE,
    dev: Mapping[str, Sequence[Example]] = NONE,
    *,
    source_language: str = "eng",
    kind: str = "hyper-x",
    options: Mapping[str, Any] | None = None,
    settings: TrainingSettings | None = None,
    init: Module | None = None,
    below: str | Plan | None = None,
    modules: Mapping[str, Module] | None = None,
    store: Store | None = None,
    seed: int = 0,
    session: Session = ALONE,
    **further: Any,
) -> Module:
    """Train one network that generates the bottlenecks of several languages and tasks.

    Tasks are learned from labelled examples, and languages from text by masked language modelling, which is
    a task too; so a language without labels gets bottlenecks for a task that was learned in another one.

    Args:
        base: The frozen encoder.
        texts: Lines of text by the tag of their language; a tenth, 200 at most, are held out.
        train: Labelled examples by the name of their task; each example has its own language.
        dev: Examples by task, on which the best step is selected; without them the last step is kept.
        source_language: The tag of the language of most examples, which the module records.
        kind: `hyper-x`, `hyper-adapter` (by language alone) or `hyperformer++` (by task alone).
        options: Fields of the kind, such as `{"language": "typology"}`, and under `head` those of all heads.
        settings: The length of training, the learning rate and so on; by default three passes over all.
        init: A hypernetwork to train further. Tasks and languages that it has not learned are added to it.
        below: A plan of frozen modules without heads that act during the training. In it `new` is the module
            that is trained, as in `lang/swh >> new`; without `new`, that module is on top.
        modules: The modules in the plan, by name.
        store: The store in which other names of the plan are looked up.
        seed: The seed of the initial values and the order of rows.
        session: Where checkpoints are written, and the callbacks for steps and remarks.
        further: More fields of `HypernetworkTraining`, such as `alpha`.

    Returns:
        The module, with a head for each task. In a plan it acts by the language of each row and the task of
        the plan, which is its first one where no other head stands above.

    Raises:
        InputError: When there is nothing to learn from, a task, a language or an option is unknown, or `init`
            lacks a label.
        PlanError: When the plan cannot be parsed, or names a module that was not passed.

    Example:
        >>> spans = [xling.TaggedSentence(("Juma",), ("B-PER",), "1", "eng")]
        >>> two = {"swh": lines, "hau": lines}
        >>> short = xling.TrainingSettings(steps=2)
        >>> shared = xling.train_hypernetwork(base, two, {"tagging": spans}, settings=short)
        >>> shared.parts[0].config.languages
        ('swh', 'hau', 'eng')
    """
    data = (
        {parse_tag(tag): Data(rows=rows) for tag, rows in texts.items()},
        *({task: Data(rows=rows) for task, rows in own.items()} for own in (train, dev)),
    )
    stage = Stage(
        name="",
        spec=told(HypernetworkTraining, settings, {"kind": kind, "options": dict(options or {}), **further}),
        data=shared_data(*data, seed=seed),
        modules=given(init=init),
        seed=seed,
        **learned_in(tuple(train), parse_tag(source_language), init=init),
    )
    return make(base, checked(around(stage, below, modules=modules, store=store)), session)


def generate_module(module: Module, *, language: str | None = None, task: str | None = None) -> Module:
    """Return what a hypernetwork generates for a language and a task as an ordinary module.

    In a plan it does the same for every row as the hypernetwork does for rows of that language.

    Args:
        module: A module from `train_hypernetwork`.
        language: The tag of the language; with `typology`, of any language of which traits are known.
        task: The task; the module has its head then. Without it, it is a language module.

    Returns:
        A module of the kind `bottleneck`.

    Raises:
        InputError: When the module is no hypernetwork, or has no embedding of the language or the task.

    Example:
        >>> swh = xling.generate_module(shared, language="swh")
        >>> [part.config.kind for part in swh.parts]
        ['bottleneck']
    """
    return generate(module, language=parse_tag(language) if language else None, task=task)
