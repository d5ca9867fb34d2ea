"""Making a task module from labelled source-language data, with frozen modules or on the base alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from xling.bases.base import Base
from xling.bases.precision import FLOAT32
from xling.errors import InputError
from xling.makers.stage import Session, Stage
from xling.modules.head import HeadConfig
from xling.modules.kind import PartConfig
from xling.modules.module import Module
from xling.modules.registry import learning_preset, parse_config, preset
from xling.tasks.registry import task_named
from xling.tasks.task import Task
from xling.training.head_alone import HeadObjective, fit_head, is_alone, is_linear
from xling.training.specs import TaskTraining
from xling.training.task_objective import TaskData, TaskObjective

_DECIDED = {"kind", "outputs", "relations"}  # the fields of a head that its task decides


def check_task(stage: Stage[TaskTraining]) -> None:
    """Raise InputError for an unknown task, kind or option, or when there is no labelled example."""
    task_named(str(stage.task))
    check_kind(stage.spec)
    if not stage.rows("train"):
        raise InputError("no labelled example to train on", where="--train")


def make_task(base: Base, stage: Stage[TaskTraining], session: Session) -> Module:
    """Train the task module of a stage. The other modules of the plan stay unchanged, byte for byte.

    Raises InputError when the examples have labels that the module to continue from does not know.
    """
    spec, init, task = stage.spec, stage.module("init"), task_named(str(stage.task))
    train = stage.rows("train")
    data = TaskData(init.facts.labels if init else task.labels(train), train, stage.rows("dev"))
    facts = stage.facts(base, labels=tuple(data.labels))
    configs = task_parts(task, spec, data.labels, base)
    module = init.continued(facts) if init else Module.fresh(configs, base.shape, facts)
    around, alone = stage.composed(base), is_alone(module, spec.training)

    def whole(trained: Module) -> TaskObjective:
        return TaskObjective(task, around(trained), data=data, settings=spec.training, seed=stage.seed)

    def kept(trained: Module) -> HeadObjective:
        return HeadObjective(whole(trained), trained)

    if alone and is_linear(module):
        outcome = fit_head(kept(module), module, l2=spec.l2, reporter=session.reporter)
        module = module.with_facts(steps=outcome.steps)
    else:
        module, outcome = stage.trained(module, base, session, kept if alone else whole)
    if alone:
        module = module.with_facts(precision=FLOAT32)
    best = None if outcome.best_score is None else round(outcome.best_score, 3)
    scores = {f"dev_{task.metric}": best, "best_step": outcome.best_step, "train_examples": len(train)}
    return replace(module, scores=scores)


def task_parts(task: Task, spec: TaskTraining, labels: Sequence[str], base: Base) -> tuple[PartConfig, ...]:
    """Return the parts of a task module: those of its kind, and a head in the base family's own shape.

    A head without other parts is linear, on the mean state where it scores whole texts.
    """
    below = preset(spec.kind, _without_head(spec))
    own = task.head(labels, base)
    return (*below, _head(task, own if below else _linear(own), spec.options.get("head", {})))


def check_kind(spec: TaskTraining, *, where: str = "--kind") -> None:
    """Raise InputError when the kind is unknown or does not have one of the options."""
    learning_preset(spec.kind, _without_head(spec), where=where)


def _without_head(spec: TaskTraining) -> Mapping[str, Any]:
    return {key: value for key, value in spec.options.items() if key != "head"}


def _linear(own: PartConfig) -> PartConfig:
    """Return a task's head as one linear layer; a head of another kind stays as it is."""
    if not isinstance(own, HeadConfig):
        return own
    pooling = own.pooling if own.pooling == "none" else "mean"
    return own.model_copy(update={"pooling": pooling, "dense": None, "norm": False, "dropout": 0.0})


def _head(task: Task, own: PartConfig, chosen: Any) -> PartConfig:
    """Return a task's head with the chosen options.

    Raises InputError for an option that the task itself decides.
    """
    if not isinstance(chosen, Mapping):
        hint = "write parts.head='{dropout: 0.2}', or options: {head: {dropout: 0.2}}"
        raise InputError(f"{chosen!r} is no mapping of keys to values", where="head", hint=hint)
    head = parse_config({**own.model_dump(mode="json"), **chosen}, where="head")
    for key, value in own.model_dump(include=_DECIDED).items():
        if getattr(head, key, None) != value:
            raise InputError(f"{key} is {value} by the task {task.name} and its labels", where="head")
    pools, chosen_pools = (getattr(config, "pooling", "none") != "none" for config in (own, head))
    if pools != chosen_pools:
        raise InputError(
            f"pooling {chosen['pooling']!r} does not go with {task.name}, which scores "
            + ("whole texts" if pools else "every word"),
            where="head",
            choices=("first", "mean") if pools else ("none",),
        )
    return head
