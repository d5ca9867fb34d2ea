"""A base under a plan, ready to predict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from xling.bases.opening import Base
from xling.composition.attach import Composition
from xling.composition.contents import leaves_of
from xling.composition.grammar import parse
from xling.composition.growing import Find, grow
from xling.composition.nodes import Node
from xling.composition.plan import Plan
from xling.data.examples import Example
from xling.errors import PlanError
from xling.languages import parse as parse_tag
from xling.store.store import Store
from xling.tasks.inference import predict
from xling.tasks.registry import task_named
from xling.tasks.task import Task


class ComposedModel:
    """A base, a plan and the task of its heads. The base stays as it is."""

    def __init__(self, base: Base, plan: Plan, find: Find) -> None:
        node = grow(plan, find)
        self.base, self.plan = base, plan
        self.task, self.labels = _task_of(node, plan)
        self.composition = Composition(base, node)

    def predict(self, inputs: Iterable[Any], *, language: str | None = None) -> list[dict[str, Any]]:
        """A JSON-ready row per input: an example, or what the task makes one of (a text, tokens, a pair)."""
        tag = parse_tag(language) if language else "und"
        examples = [
            item if isinstance(item, Example) else self.task.example(item, str(number), tag)
            for number, item in enumerate(inputs)
        ]
        return predict(self.task, examples, self.composition, self.labels)


def compose(base: Base, plan: str | Plan, *, store: Store) -> ComposedModel:
    """Look a plan's names up and put them on the base.

    Raises PlanError for a plan that cannot be read, InputError for an unknown name, MismatchError for
    a module of another base.
    """
    return ComposedModel(base, parse(plan) if isinstance(plan, str) else plan, store.get)


def _task_of(node: Node, plan: Plan) -> tuple[Task, tuple[str, ...]]:
    """The task and the labels that a plan predicts; PlanError when it has none, or several."""
    heads = [leaf.module.facts for leaf in leaves_of(node) if leaf.head is not None]
    if not heads:
        raise PlanError(
            f"the plan {str(plan)!r} has no task module, so there is nothing to predict",
            where="--plan",
            hint="write for example lang/swh >> task/ner",
        )
    if len({(facts.task, facts.labels) for facts in heads}) > 1:
        described = "; ".join(sorted({f"{facts.task} of {', '.join(facts.labels)}" for facts in heads}))
        raise PlanError(f"the task modules of {str(plan)!r} do not agree: {described}", where="--plan")
    return task_named(str(heads[-1].task)), heads[-1].labels
