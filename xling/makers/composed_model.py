"""A composed model: a base under a plan, ready to predict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xling.bases.base import Base, load_base
from xling.bases.precision import FLOAT32, Precision
from xling.bases.stored import files_of
from xling.composition.contents import Find, complete_plans, grow, named
from xling.composition.ensemble import composed
from xling.composition.forms.auto import Names, spelled_out, tells_words
from xling.composition.forms.beside import check_labels, heads_in
from xling.composition.forms.form import Plan, TunedByRow, combines, walk
from xling.composition.forms.single import NEW, Named
from xling.composition.grammar import parse
from xling.data.examples import Example
from xling.data.rows import as_translation
from xling.errors import InputError, PlanError
from xling.languages import UNKNOWN
from xling.languages import parse as parse_tag
from xling.modules.module import Module
from xling.sites import LabelScores
from xling.store.store import Store
from xling.tasks.inference import Computing, Progress, label_scores, predict, unheard
from xling.tasks.registry import TASKS, task_named
from xling.tasks.task import ScoresUnits, Task
from xling.tasks.word_rows import OneLabelAWord


@dataclass(frozen=True, eq=False, kw_only=True)
class PlannedTask:
    """A plan, its modules and its task: what is known before a base is opened.

    plan: the plan, which prints as it was written.
    node: the same plan with modules in the place of names.
    task: the task of the plan's heads.
    labels: the labels that the task can predict, in the order of the first task module.
    """

    plan: Plan
    node: Plan
    task: Task
    labels: tuple[str, ...]


class ComposedModel:
    """A base, a plan and the task of the plan's heads. The base itself is never changed."""

    def __init__(self, base: Base, planned: PlannedTask) -> None:
        self.base, self.plan = base, planned.plan
        self.task, self.labels = planned.task, planned.labels
        self.composition = composed(base, planned.node)

    def predict(
        self,
        inputs: Iterable[Any],
        *,
        language: str | None = None,
        translations: Sequence[str | Sequence[str] | None] | None = None,
        precision: Precision = FLOAT32,
        progress: Progress = unheard,
    ) -> list[dict[str, Any]]:
        """Return one JSON-ready row per input.

        inputs: examples, or what the task makes an example from: a text, a list of tokens, a pair of texts.
        language: the language of inputs that are not examples; unknown if None.
        translations: for each input its translation, or those of its texts, for modules that read one.
        progress: a function that is called with the number of rows of pieces that are done, and of all rows.

        Raises InputError when an input does not suit the task, or when there are not as many translations.
        """
        tag = parse_tag(language) if language else UNKNOWN
        examples = [
            item if isinstance(item, Example) else self.task.example(item, str(number), tag)
            for number, item in enumerate(inputs)
        ]
        if translations is not None:
            examples = _translated(examples, translations)
        return self.predict_examples(examples, Computing(precision=precision, progress=progress))

    def predict_examples(self, examples: Sequence[Example], computing: Computing) -> list[dict[str, Any]]:
        """Return one JSON-ready row per example. computing: batch size, precision, progress, known scores."""
        return predict(self.task, examples, self.composition, self.labels, computing=computing)

    def label_scores(self, examples: Sequence[Example]) -> list[LabelScores]:
        """Return the log-probability of each label for every unit of each example.

        Raises TypeError for a task that scores no labels for units.
        """
        return label_scores(self.task, examples, self.composition, self.labels)


def _translated(
    examples: Sequence[Example], translations: Sequence[str | Sequence[str] | None]
) -> list[Example]:
    if len(translations) != len(examples):
        counts = f"{len(translations)} translations of {len(examples)} inputs"
        raise InputError(counts, where="translations", hint="give one for each, or None where there is none")
    return [
        replace(own, translation=as_translation(said if said is None or isinstance(said, str) else [*said]))
        for own, said in zip(examples, translations, strict=True)
    ]


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A plan, the store that holds its modules, the base it acts on, and the device and precision to use."""

    base: str
    plan: str
    store: Path
    device: str = "cpu"
    precision: Precision = FLOAT32

    def inputs(self) -> list[Path]:
        """Return the files of the base and of the modules; no output may replace one."""
        store = Store(self.store)
        plan = spelled_out(parse(self.plan), store.names)
        folders = [store.folder(own.name) for own in named(plan)]
        return [*files_of(self.base), *(path for folder in folders for path in folder.iterdir())]

    def planned(self) -> PlannedTask:
        """Return the plan with its modules. No base is opened."""
        store = Store(self.store)
        return planned_task(self.plan, store.get, store.names)

    def composed(self, planned: PlannedTask) -> ComposedModel:
        """Open the base and put it under the plan."""
        return ComposedModel(load_base(self.base, device=self.device), planned)


def compose(
    base: Base,
    plan: str | Plan,
    *,
    store: Store | None = None,
    modules: Mapping[str, Module] | None = None,
) -> ComposedModel:
    """Put the modules that a plan names on the base.

    store: the store that holds the modules on disk.
    modules: the modules by name, if they are in memory.
    Give one of the two. A plan value that is built from modules needs neither.

    Raises PlanError for a plan that cannot be parsed, InputError for an unknown name, and MismatchError for a
    module of another base.

    Example:
        >>> modules = {"lang/swh": swh, "task/ner": ner}
        >>> xling.compose(base, "lang/swh >> task/ner", modules=modules)  # doctest: +SKIP
    """
    return ComposedModel(base, planned_task(plan, finder(store, modules), names_in(store, modules)))


def finder(store: Store | None, modules: Mapping[str, Module] | None) -> Find:
    """Return a function that finds modules by name in a store, or else in memory.

    Raises InputError when both are given.
    """
    if store is not None and modules is not None:
        raise InputError("give either store=... or modules=..., not both", where="compose")
    return _in_memory(modules) if store is None else store.get


def names_in(store: Store | None, modules: Mapping[str, Module] | None) -> Names:
    """Return a function that returns the names of all modules in a store, or else in memory."""
    return store.names if store is not None else lambda: modules or ()


def _in_memory(modules: Mapping[str, Module] | None) -> Find:
    """Return a function that finds modules by name in memory."""

    def find(reference: Named) -> Module:
        if modules is None:
            raise InputError(
                f"nothing says which module {str(reference)!r} is",
                where="compose",
                hint='give store=xling.Store(FOLDER), or modules={"lang/swh": swh}',
            )
        if reference.revision is not None:
            raise InputError(
                f"a module in memory has no revision, so it cannot be {str(reference)!r}",
                where="modules",
                hint=f"write {reference.name}",
            )
        if reference.name not in modules:
            raise InputError(f"no module is called {reference.name!r}", where="modules", choices=modules)
        return modules[reference.name]

    return find


def planned_task(plan: str | Plan, find: Find, names: Names = tuple) -> PlannedTask:
    """Return a plan with its modules, its task and its labels.

    find: a function from the name of a module to the module.
    names: a function that returns the names of all modules, which `lang/*` stands for.

    Raises PlanError when the plan has no task module, or several that do not go together.
    """
    plan = spelled_out(parse(plan) if isinstance(plan, str) else plan, names)
    if NEW in named(plan):
        raise PlanError(
            f"in {str(plan)!r}, {NEW} stands for the module that a training makes",
            where="--plan",
            hint="name that module: fuse(task/a, task/b; fusion/ab)",
        )
    node = grow(plan, find)
    for complete in complete_plans(node):
        _check_heads(complete)
    first = heads_in(node)[0]
    task = task_named(str(first.task))
    if combines(node):
        _check_combined(node, task)
    if any(isinstance(inner, TunedByRow) for inner in walk(node)):
        _check_units(task, f"nothing can be tuned for {task.name}: its scores are not of labels")
    if tells_words(node) and not isinstance(task, OneLabelAWord):
        raise PlanError(
            f"runs of words are told apart where each word has a label, and in {task.name} more than a run "
            "of words is labelled",
            where="--plan",
            choices=[name for name in TASKS if isinstance(task_named(name), OneLabelAWord)],
            hint="leave words out to tell whole rows",
        )
    return PlannedTask(plan=plan, node=node, task=task, labels=first.labels)


def _check_heads(plan: Plan) -> None:
    """Raise PlanError when a complete plan has no task module, or several that do not agree."""
    heads = heads_in(plan)
    if not heads:
        raise PlanError(
            f"the plan {str(plan)!r} has no task module, so there is nothing to predict",
            where="--plan",
            hint="write for example lang/swh >> task/ner",
        )
    if len({(facts.task, facts.labels) for facts in heads}) > 1:
        described = "; ".join(sorted({f"{facts.task} of {', '.join(facts.labels)}" for facts in heads}))
        raise PlanError(f"the task modules of {str(plan)!r} do not agree: {described}", where="--plan")


def _check_combined(plan: Plan, task: Task) -> None:
    """Raise PlanError when the scores of the plans inside cannot be combined.

    They must be of one task and the same labels, and the task must score labels.
    """
    tasks = {str(facts.task) for facts in heads_in(plan)}
    if len(tasks) > 1:
        raise PlanError(
            f"the task modules of {str(plan)!r} do not agree: {', '.join(sorted(tasks))}", where="--plan"
        )
    check_labels(list(complete_plans(plan)))
    _check_units(
        task,
        f"the scores of {task.name} cannot be combined: they are not of labels for each word, text or "
        "answer, which is all that plans with other vocabularies have in common",
    )


def _check_units(task: Task, said: str) -> None:
    """Raise PlanError for a task that does not score labels for each word, text or answer."""
    if not isinstance(task, ScoresUnits):
        choices = [name for name in TASKS if isinstance(task_named(name), ScoresUnits)]
        raise PlanError(said, where="--plan", choices=choices)
