"""Task modules in Python: trained on labels, on carried labels, and on what a plan says of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xling.api.given import around, every, found_in, given, told
from xling.bases.base import Base
from xling.composition.forms.form import Plan
from xling.composition.forms.single import Named
from xling.data.examples import Example
from xling.errors import PlanError
from xling.languages import parse as parse_tag
from xling.makers.composed_model import ComposedModel
from xling.makers.make import checked, make
from xling.makers.projection import Projected, project_pairs
from xling.makers.stage import ALONE, Data, Session, Stage
from xling.modules.module import Module
from xling.store.store import Store
from xling.tasks.registry import task_named
from xling.training.specs import (
    Distillation,
    Projection,
    TaskTraining,
    TrainingSettings,
    specified,
)


def project(
    model: ComposedModel,
    pairs: Sequence[tuple[str, str]],
    *,
    language: str,
    source: str = "eng",
    limit: int | None = None,
    seed: int = 0,
) -> Projected:
    """Carry labels over to sentences from their translations, which a model labels.

    Spans and tags of words go over the links between words, which both directions of IBM model 1 (Brown et
    al. 1993) and the likeness of names tell. Labels of whole texts are taken as they are. `train_task` takes
    the result together with examples of the source, for a task module of several languages.

    Args:
        model: The composed model that labels the translations, from `compose`.
        pairs: Pairs of a sentence in the language and its translation into the source language.
        language: The tag of the language.
        source: The tag of the language of the translations.
        limit: The largest number of pairs that are taken. The words are always aligned by all of them.
        seed: The seed with which they are drawn.

    Returns:
        The labelled `examples`, and what became of the pairs: their number, how many are `dropped` and why,
        and how often each of the `labels` was carried over. A part of speech that is not known is `_`.

    Raises:
        InputError: When no label could be carried over, or the labels of the task never can.

    Example:
        >>> model = xling.compose(base, "task/ner", modules={"task/ner": ner})
        >>> xling.project(model, [("Juma anaishi Dar", "Juma lives in Dar")], language="swh").pairs
        1
    """
    spec = specified(Projection, {"limit": limit, "source": parse_tag(source)}, where="project")
    return project_pairs(model, pairs, spec, language=parse_tag(language), seed=seed)


def train_task(
    base: Base,
    train: Sequence[Example],
    dev: Sequence[Example] = (),
    *,
    task: str,
    source_language: str = "eng",
    language_module: Module | None = None,
    below: str | Plan | None = None,
    modules: Mapping[str, Module] | None = None,
    store: Store | None = None,
    kind: str = "bottleneck",
    options: Mapping[str, Any] | None = None,
    settings: TrainingSettings | None = None,
    init: Module | None = None,
    seed: int = 0,
    session: Session = ALONE,
    **further: Any,
) -> Module:
    """Train one task module on labelled examples; the other modules of the plan are not changed.

    Args:
        base: The frozen encoder.
        train: Labelled examples; each has a language, by which a plan with `route` picks its modules.
        dev: Examples on which the best step is selected; without them the last step is kept.
        task: The name of the task, such as `tagging` or `classification`.
        source_language: The tag of the language of the examples, which the module records.
        language_module: The language module under the task module; short for `below` with one module.
        below: A plan of frozen modules that act during the training. In it `new` is the module that is
            trained, as in `fuse(lang/eng, lang/swh; new)`; without `new`, that module is on top.
        modules: The modules in the plan, by name.
        store: The store in which other names of the plan are looked up.
        kind: The kind of module that is trained with the head: a value of `--kind`.
        options: Fields of the kind's first configuration and, under `head`, of the head, such as
            `{"head": {"pooling": "mean"}}`.
        settings: The length of training, the learning rate and so on; by default two passes over `train`.
        init: A task module to continue training, for example on a few examples in the target language.
        seed: The seed of the initial values and the order of examples.
        session: Where checkpoints are written, and the callbacks for steps and remarks.
        further: More fields of `TaskTraining`.

    Returns:
        The module. Its `scores` contain the task's metric on `dev` in percent, and the best step.

    Raises:
        InputError: When data are empty, the task, kind or language is unknown, or `init` lacks a label.
        PlanError: When the plan cannot be parsed, or names a module that was not passed.

    Example:
        >>> spans = [xling.TaggedSentence(("Juma",), ("B-PER",), "1", "eng")]
        >>> ner = xling.train_task(base, spans, task="tagging", settings=xling.TrainingSettings(steps=2))
        >>> ner.facts.labels
        ('O', 'B-PER', 'I-PER')
    """
    stage = Stage(
        name="",
        spec=told(TaskTraining, settings, {"kind": kind, "options": dict(options or {}), **further}),
        language=parse_tag(source_language),
        task=task_named(task).name,
        data={"train": Data(rows=train), "dev": Data(rows=dev)},
        modules=given(init=init),
        seed=seed,
    )
    return make(base, checked(_under(stage, language_module, below, modules, store)), session)


def distil_task(
    base: Base,
    teacher: str | Plan,
    texts: Sequence[Any],
    train: Sequence[Example] = (),
    dev: Sequence[Example] = (),
    *,
    task: str,
    language: str,
    source_language: str = "eng",
    modules: Mapping[str, Module] | None = None,
    store: Store | None = None,
    kind: str = "bottleneck",
    options: Mapping[str, Any] | None = None,
    settings: TrainingSettings | None = None,
    init: Module | None = None,
    seed: int = 0,
    session: Session = ALONE,
    **further: Any,
) -> Module:
    """Train one task module on what a plan says of unlabelled texts, so that serving it costs one pass.

    The plan's probability of each label is learned (Hinton, Vinyals and Dean 2015), also that of a `vote`.

    Args:
        base: The frozen encoder.
        teacher: A complete plan, such as `vote(task/topic, words/lij >> task/topic)`.
        texts: What `ComposedModel.predict` takes, without labels: texts, lists of tokens, or examples.
        train: Labelled examples that are learned beside them; their labels must be the teacher's.
        dev: Labelled examples on which the best step is selected.
        task: The name of the task.
        language: The tag of the language of texts that are not examples.
        source_language: The tag of the language of the labelled examples, which the module records.
        modules: The modules in the plan, by name.
        store: The store in which other names of the plan are looked up.
        kind: The kind of module that is trained with the head.
        options: Fields of the kind's first configuration and of the `head`, as in `train_task`.
        settings: The length of training, the learning rate and so on.
        init: A task module to continue training.
        seed: The seed of the initial values and the order of examples.
        session: Where checkpoints are written, and the callbacks for steps and remarks.
        further: More fields of `TaskTraining`.

    Returns:
        The module. Its `scores` count the `taught_examples`.

    Raises:
        InputError: When there are no texts, the task scores no labels, or the labels do not agree.
        PlanError: When the plan cannot be parsed, or names a module that was not passed.

    Example:
        >>> known = {"task/ner": ner}
        >>> told = {"task": "tagging", "language": "swh", "settings": xling.TrainingSettings(steps=2)}
        >>> student = xling.distil_task(base, "task/ner", [["Juma"], ["Amina"]], modules=known, **told)
        >>> student.scores["taught_examples"]
        2
    """
    plan, known = every(teacher, modules, store), task_named(task)
    examples = [
        item if isinstance(item, Example) else known.example(item, str(number), parse_tag(language))
        for number, item in enumerate(texts)
    ]
    values = {"kind": kind, "options": dict(options or {}), "teacher": str(plan), **further}
    stage = Stage(
        name="",
        spec=told(Distillation, settings, values),
        language=parse_tag(source_language),
        task=known.name,
        data={"train": Data(rows=train), "dev": Data(rows=dev), "text": Data(rows=examples)},
        modules={**given(init=init), **found_in(plan, dict(modules or {}), store)},
        seed=seed,
    )
    return make(base, checked(stage), session)


def _under(
    stage: Stage,
    language_module: Module | None,
    below: str | Plan | None,
    modules: Mapping[str, Module] | None,
    store: Store | None,
) -> Stage:
    """Return the training of a task module with frozen modules around it."""
    known = dict(modules or {})
    if language_module is not None:
        if below is not None:
            raise PlanError("give language_module or below", where="below", hint="write it into the plan")
        name = f"lang/{language_module.facts.language or 'below'}"
        below, known[name] = Named(name), language_module
    return around(stage, below, modules=known, store=store)
