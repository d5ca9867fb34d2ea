"""Making a task module from labelled source-language data, with frozen modules or on the base alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from xling.bases.base import Base
from xling.bases.precision import FLOAT32
from xling.composition.composed import Composition
from xling.composition.contents import grow, named
from xling.composition.forms.beside import heads_in
from xling.composition.forms.form import Plan
from xling.composition.forms.fuse import fused_by
from xling.composition.forms.single import NEW
from xling.composition.forms.stack import Stack
from xling.composition.forms.turns import in_turn
from xling.errors import InputError
from xling.makers.composed_model import ComposedModel, planned_task
from xling.makers.stage import Session, Stage
from xling.modules.facts import Facts
from xling.modules.head import HeadConfig
from xling.modules.kind import PartConfig
from xling.modules.module import Module
from xling.modules.registry import KINDS, learning_preset, parse_config
from xling.tasks.registry import TASKS, task_named
from xling.tasks.task import ScoresUnits, Task
from xling.training.distillation import DistilObjective
from xling.training.fisher import chosen_layers, information
from xling.training.head_alone import HeadObjective, fit_head, is_alone, is_linear
from xling.training.layer_drop import check_layer_drop
from xling.training.mixture import Cycle
from xling.training.specs import Distillation, TaskTraining
from xling.training.task_objective import TaskData, TaskObjective, Taught

Around = Callable[[Module], Composition]
_LAYERS = "layers"  # an option of every kind that acts in layers: how they are chosen
DECIDED = {"kind", "outputs", "relations"}  # the fields of a head that its task decides


def check_task(stage: Stage[TaskTraining]) -> None:
    """Raise InputError for an unknown task, kind or option, or when there is no labelled example."""
    task_named(str(stage.task))
    _check_new(stage)
    if not stage.rows("train"):
        raise InputError("no labelled example to train on", where="--train")


def check_distilled(stage: Stage[Distillation]) -> None:
    """Raise InputError for an unknown task, kind or option, or when there is no text to learn from."""
    task = task_named(str(stage.task))
    _check_new(stage)
    if not isinstance(task, ScoresUnits):
        raise InputError(
            f"{task.name} scores no labels for each word or text, so there is nothing to teach",
            where="--distil",
            choices=[name for name in TASKS if isinstance(task_named(name), ScoresUnits)],
        )
    if not stage.rows("text"):
        raise InputError("no text for the teacher to read", where="--text")


def _check_new(stage: Stage[TaskTraining]) -> None:
    """Raise InputError for an unfit kind or option; a module that goes on has the kind that it has."""
    if "init" not in stage.modules:
        check_kind(stage.spec, stage.plan)


def make_task(base: Base, stage: Stage[TaskTraining], session: Session) -> Module:
    """Train the task module of a stage. The other modules of the plan stay unchanged, byte for byte.

    Raises InputError when the examples have labels that the module to continue from does not know.
    """
    train, known = stage.rows("train"), _known(stage)
    labels = known.labels if known else task_named(str(stage.task)).labels(train)
    return _made(base, stage, session, TaskData(labels, train, stage.rows("dev")))


def make_distilled(base: Base, stage: Stage[Distillation], session: Session) -> Module:
    """Train the task module of a stage on what a teacher says of its text, and on labelled examples if any.

    Raises InputError when the teacher is of another task, or does not know a label of the examples or of the
    module to continue from.
    """
    planned = planned_task(
        stage.spec.teacher, lambda own: stage.below(str(own)), lambda: tuple(stage.modules)
    )
    teacher = ComposedModel(base, planned)
    if teacher.task.name != stage.task:
        raise InputError(f"the teacher's task is {teacher.task.name}, not {stage.task}", where="--distil")
    texts, known = stage.rows("text"), _known(stage)
    labels = known.labels if known else teacher.labels
    if set(labels) != set(teacher.labels):
        raise InputError(
            f"the module labels {', '.join(labels)}, but the teacher {', '.join(teacher.labels)}",
            where="--init",
        )
    session.say(f"the teacher reads {len(texts):,} texts")
    said = [own.ordered(labels) for own in teacher.label_scores(texts)]
    taught = Taught(texts, [own.logs.exp() for own in said])
    return _made(base, stage, session, TaskData(labels, stage.rows("train"), stage.rows("dev"), taught))


def _made(base: Base, stage: Stage[TaskTraining], session: Session, data: TaskData) -> Module:
    spec, init, task = stage.spec, stage.module("init"), task_named(str(stage.task))
    facts = stage.facts(base, labels=tuple(data.labels))
    module = init.continued(facts) if init else _fresh(base, stage, data, facts)
    check_layer_drop(module, spec.training.drop_layers)  # a head alone does not pass through the loop
    turns = stage.composed_in_turn(base, in_turn(stage.plan))
    alone = len(turns) == 1 and is_alone(module, spec.training)
    objective = DistilObjective if data.taught.examples else TaskObjective

    def whole(trained: Module, around: Around = turns[0]) -> TaskObjective:
        return objective(task, around(trained), data=data, settings=spec.training, seed=stage.seed)

    def kept(trained: Module) -> HeadObjective:
        return HeadObjective(whole(trained), trained)

    def cycled(trained: Module) -> Cycle:
        return Cycle([whole(trained, around) for around in turns])

    if alone and is_linear(module):
        outcome = fit_head(kept(module), module, l2=spec.l2, reporter=session.reporter)
        module = module.with_facts(steps=outcome.steps)
    else:
        of_module = kept if alone else whole if len(turns) == 1 else cycled
        module, outcome = stage.trained(module, base, session, of_module)
    if alone:
        module = module.with_facts(precision=FLOAT32)
    best = None if outcome.best_score is None else round(outcome.best_score, 3)
    counts = {"train_examples": len(data.train), "taught_examples": len(data.taught.examples)}
    counts = {name: count for name, count in counts.items() if count or name == "train_examples"}
    scores = {f"dev_{task.metric}": best, "best_step": outcome.best_step, **counts}
    return replace(module, scores=scores)


def _fresh(base: Base, stage: Stage[TaskTraining], data: TaskData, facts: Facts) -> Module:
    """Return an untrained module, in those layers alone that its options choose."""
    module = Module.fresh(task_parts(base, stage, data.labels), base.shape, facts)
    text = stage.spec.options.get(_LAYERS)
    if text is None:
        return module
    count = chosen_layers(str(text), base.shape.layers)
    head = next((part for part in module.parts if KINDS[part.config.kind].head), None)
    if head is None or not _in_layers(module.parts[0].config):
        hint = "take a bottleneck or LoRA, or leave it out"
        raise InputError(f"{stage.spec.kind} cannot leave out layers", where="--layers", hint=hint)
    task = task_named(str(stage.task))
    found = information(base, task, head.network, data.train, data.labels, seed=stage.seed)
    order = sorted(range(len(found)), key=found.__getitem__)
    left = {"leave_out": tuple(sorted(order[: len(order) - count]))}
    configs = [
        part.config.model_copy(update=left) if _in_layers(part.config) else part.config
        for part in module.parts
    ]
    return Module.fresh(configs, base.shape, facts)


def _in_layers(config: PartConfig) -> bool:
    """Return whether a part can leave out layers, by their numbers."""
    field = type(config).model_fields.get("leave_out")
    return field is not None and field.annotation == tuple[int, ...]


def _known(stage: Stage[TaskTraining]) -> Facts | None:
    """Return the facts of the module that fixes the labels: one with a head above, or the one to continue."""
    init, above = stage.module("init"), _head_above(stage)
    if above is not None and above.task != stage.task:
        raise InputError(f"the task of {stage.plan} is {above.task}, not {stage.task}", where="--task")
    return above or (init and init.facts)


def _head_above(stage: Stage[TaskTraining]) -> Facts | None:
    """Return the facts of the task module whose head stands above the new module in the plan, or None."""
    plans = stage.plan.plans if isinstance(stage.plan, Stack) else ()
    at = next((place for place, own in enumerate(plans) if NEW in named(own)), len(plans))
    above = [grow(own, lambda name: stage.below(str(name))) for own in plans[at + 1 :]]
    return next((facts for own in above for facts in heads_in(own)), None)


def task_parts(base: Base, stage: Stage[TaskTraining], labels: Sequence[str]) -> tuple[PartConfig, ...]:
    """Return the parts of a task module: those of its kind, and a head in the base family's own shape.

    A head without other parts is linear, on the mean state where it scores whole texts. There is no head
    where the plan has one above the module.
    """
    spec, task = stage.spec, task_named(str(stage.task))
    below = check_kind(spec, stage.plan)
    if _head_above(stage) is not None:
        return below
    own = task.head(labels, base)
    return (*below, head_of(task, own if below else _linear(own), spec.options.get("head", {})))


def check_kind(spec: TaskTraining, plan: Plan = NEW, *, where: str = "--kind") -> tuple[PartConfig, ...]:
    """Return the parts of a kind, without a head.

    Raises InputError when the kind is unknown, does not have one of the options, or does not suit the plan.
    """
    parts = learning_preset(spec.kind, _without_head(spec), branches=fused_by(plan, NEW), where=where)
    takes_turns = len(in_turn(plan)) > 1
    if takes_turns and not parts:
        hint = "take a kind that acts below the head, or one plan"
        raise InputError("a head alone is fitted at once, so no plans take turns", where=where, hint=hint)
    if takes_turns and spec.training.drop_layers:
        hint = "leave one of them out"
        raise InputError(
            "layers are dropped in one plan, and here plans take turns",
            where="training.drop_layers",
            hint=hint,
        )
    return parts


def _without_head(spec: TaskTraining) -> Mapping[str, Any]:
    return {key: value for key, value in spec.options.items() if key not in ("head", _LAYERS)}


def _linear(own: PartConfig) -> PartConfig:
    """Return a task's head as one linear layer; a head of another kind stays as it is."""
    if not isinstance(own, HeadConfig):
        return own
    pooling = own.pooling if own.pooling == "none" else "mean"
    return own.model_copy(update={"pooling": pooling, "dense": None, "norm": False, "dropout": 0.0})


def head_of(task: Task, own: PartConfig, chosen: Any) -> PartConfig:
    """Return a task's head with the chosen options.

    Raises InputError for an option that the task itself decides.
    """
    if not isinstance(chosen, Mapping):
        hint = "write parts.head='{dropout: 0.2}', or options: {head: {dropout: 0.2}}"
        raise InputError(f"{chosen!r} is no mapping of keys to values", where="head", hint=hint)
    head = parse_config({**own.model_dump(mode="json"), **chosen}, where="head")
    for key, value in own.model_dump(include=DECIDED).items():
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
