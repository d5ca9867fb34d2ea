"""A base under a plan, ready to predict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling.bases.base import Base, load_base
from xling.bases.precision import FLOAT32, Precision
from xling.composition.contents import Find, complete_plans, grow
from xling.composition.ensemble import composed
from xling.composition.forms.beside import check_labels, heads_in
from xling.composition.forms.form import Plan, combines
from xling.composition.forms.single import Named
from xling.composition.grammar import parse
from xling.data.examples import Example
from xling.errors import InputError, PlanError
from xling.languages import UNKNOWN
from xling.languages import parse as parse_tag
from xling.modules.module import Module
from xling.store.store import Store
from xling.tasks.inference import Computing, Progress, predict, unheard
from xling.tasks.registry import TASKS, task_named
from xling.tasks.task import ScoresUnits, Task


@dataclass(frozen=True, eq=False, kw_only=True)
class PlannedTask:
    """A plan with its modules and the task of their heads: what is known before any base is opened."""

    plan: Plan
    node: Plan
    task: Task
    labels: tuple[str, ...]


class ComposedModel:
    """A base, a plan and the task of its heads. The base stays as it is."""

    def __init__(self, base: Base, planned: PlannedTask) -> None:
        self.base, self.plan = base, planned.plan
        self.task, self.labels = planned.task, planned.labels
        self.composition = composed(base, planned.node)

    def predict(
        self,
        inputs: Iterable[Any],
        *,
        language: str | None = None,
        precision: Precision = FLOAT32,
        progress: Progress = unheard,
    ) -> list[dict[str, Any]]:
        """A JSON-ready row per input: an example, or what the task makes one of (a text, tokens, a pair).

        progress: hears how many rows of pieces are done, and of how many.
        """
        tag = parse_tag(language) if language else UNKNOWN
        examples = [
            item if isinstance(item, Example) else self.task.example(item, str(number), tag)
            for number, item in enumerate(inputs)
        ]
        computing = Computing(precision=precision, progress=progress)
        return predict(self.task, examples, self.composition, self.labels, computing=computing)


@dataclass(frozen=True, kw_only=True)
class Setup:
    """Which plan of a store acts on which base, and on what it computes."""

    base: str
    plan: str
    store: Path
    device: str = "cpu"
    precision: Precision = FLOAT32

    def planned(self) -> PlannedTask:
        """The plan with its modules; no base is opened."""
        return planned_task(self.plan, Store(self.store).get)

    def composed(self, planned: PlannedTask) -> ComposedModel:
        """The base, opened, under the plan."""
        return ComposedModel(load_base(self.base, device=self.device), planned)


def compose(
    base: Base,
    plan: str | Plan,
    *,
    store: Store | None = None,
    modules: Mapping[str, Module] | None = None,
) -> ComposedModel:
    """Put the modules that a plan names on the base.

    store: where they lie on disk. modules: those in memory, by name. One of the two is given; a plan value
    that is built of modules needs neither.
    Raises PlanError for a plan that cannot be read, InputError for an unknown name, MismatchError for
    a module of another base.

    Example:
        >>> modules = {"lang/swh": swh, "task/ner": ner}
        >>> xling.compose(base, "lang/swh >> task/ner", modules=modules)  # doctest: +SKIP
    """
    if store is not None and modules is not None:
        raise InputError("give either store=... or modules=..., not both", where="compose")
    find = _in_memory(modules) if store is None else store.get
    return ComposedModel(base, planned_task(plan, find))


def _in_memory(modules: Mapping[str, Module] | None) -> Find:
    """What finds modules that lie in no store."""

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


def planned_task(plan: str | Plan, find: Find) -> PlannedTask:
    """A plan's modules, its task and its labels; PlanError when it has no task, or several.

    find: gives the module of a name. The labels are those of the first task module, in its order.
    """
    plan = parse(plan) if isinstance(plan, str) else plan
    node = grow(plan, find)
    for complete in complete_plans(node):
        _check_heads(complete)
    first = heads_in(node)[0]
    task = task_named(str(first.task))
    if combines(node):
        _check_combined(node, task)
    return PlannedTask(plan=plan, node=node, task=task, labels=first.labels)


def _check_heads(plan: Plan) -> None:
    """PlanError where a complete plan has no task module, or several that do not agree."""
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
    """PlanError where the scores of complete plans are of several tasks or labels, or of no labels at all."""
    tasks = {str(facts.task) for facts in heads_in(plan)}
    if len(tasks) > 1:
        raise PlanError(
            f"the task modules of {str(plan)!r} do not agree: {', '.join(sorted(tasks))}", where="--plan"
        )
    check_labels(list(complete_plans(plan)))
    if not isinstance(task, ScoresUnits):
        raise PlanError(
            f"the scores of {task.name} cannot be combined: they are not of labels for each word, text or "
            "answer, which is all that plans with other vocabularies have in common",
            where="--plan",
            choices=[name for name in TASKS if isinstance(task_named(name), ScoresUnits)],
        )
