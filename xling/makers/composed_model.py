"""A base under a plan, ready to predict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling.bases.base import Base, load_base
from xling.bases.precision import FLOAT32, Precision
from xling.composition.composed import Composition
from xling.composition.contents import Find, grow, loaded
from xling.composition.forms.form import Node, Plan
from xling.composition.grammar import parse
from xling.data.examples import Example
from xling.errors import PlanError
from xling.languages import UNKNOWN
from xling.languages import parse as parse_tag
from xling.store.store import Store
from xling.tasks.inference import Progress, predict, unheard
from xling.tasks.registry import task_named
from xling.tasks.task import Task


@dataclass(frozen=True, eq=False, kw_only=True)
class PlannedTask:
    """A plan with its modules and the task of their heads: what is known before any base is opened."""

    plan: Plan
    node: Node
    task: Task
    labels: tuple[str, ...]


class ComposedModel:
    """A base, a plan and the task of its heads. The base stays as it is."""

    def __init__(self, base: Base, planned: PlannedTask) -> None:
        self.base, self.plan = base, planned.plan
        self.task, self.labels = planned.task, planned.labels
        self.composition = Composition(base, planned.node)

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
        return predict(
            self.task, examples, self.composition, self.labels, precision=precision, progress=progress
        )


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


def compose(base: Base, plan: str | Plan, *, store: Store) -> ComposedModel:
    """Look a plan's names up and put them on the base.

    Raises PlanError for a plan that cannot be read, InputError for an unknown name, MismatchError for
    a module of another base.
    """
    return ComposedModel(base, planned_task(plan, store.get))


def planned_task(plan: str | Plan, find: Find) -> PlannedTask:
    """A plan's modules, its task and its labels; PlanError when it has no task, or several.

    find: gives the module of a name.
    """
    plan = parse(plan) if isinstance(plan, str) else plan
    node = grow(plan, find)
    heads = [leaf.module.facts for leaf in loaded(node) if leaf.head is not None]
    if not heads:
        raise PlanError(
            f"the plan {str(plan)!r} has no task module, so there is nothing to predict",
            where="--plan",
            hint="write for example lang/swh >> task/ner",
        )
    if len({(facts.task, facts.labels) for facts in heads}) > 1:
        described = "; ".join(sorted({f"{facts.task} of {', '.join(facts.labels)}" for facts in heads}))
        raise PlanError(f"the task modules of {str(plan)!r} do not agree: {described}", where="--plan")
    return PlannedTask(plan=plan, node=node, task=task_named(str(heads[-1].task)), labels=heads[-1].labels)
