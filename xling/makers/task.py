"""A task module from labelled source-language data, on top of a frozen language module or of none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from torch import Tensor

from xling.bases.base import Base
from xling.bases.batches import pad_rows
from xling.bases.precision import Precision, chosen_precision, computing_in
from xling.composition.composed import Composition
from xling.data.collation import BatchOrder
from xling.data.examples import Example
from xling.errors import InputError
from xling.languages import parse
from xling.makers.language import ALONE, Run, facts_of
from xling.makers.making import making_of, module_fingerprint
from xling.modules.config import PartConfig
from xling.modules.module import Module
from xling.modules.registry import parse_config, preset
from xling.tasks.inference import encode, predict
from xling.tasks.registry import task_named
from xling.tasks.task import Row, Task
from xling.training.phases import Course, train_module
from xling.training.settings import TrainingSettings

DEFAULTS = TrainingSettings(epochs=2, learning_rate=1e-3, batch_tokens=512)
_DECIDED = {"kind", "outputs", "relations"}  # of a head, by its task


class TaskObjective:
    """A task's loss on its rows; the score is the task's metric on the dev examples."""

    higher_is_better = True

    def __init__(
        self,
        task: Task,
        composition: Composition,
        *,
        labels: Sequence[str],
        data: tuple[Sequence[Example], Sequence[Example]],
        settings: TrainingSettings,
        seed: int,
    ) -> None:
        self.task, self.composition, self.labels, self.settings = task, composition, labels, settings
        self.train = data[0]
        self.dev = [example for example in data[1] if task.gold(example)]
        base = composition.base
        self.device = str(composition.encoder.device)
        self.precision: Precision = chosen_precision(settings.precision, self.device)
        rows = encode(task, self.train, composition, labels, min(settings.max_length, base.max_length))
        self.units = _units([row for row in rows if row.targets], together=task.together)
        if not self.units:
            raise InputError(
                f"none of the {len(self.train)} examples has anything left to learn from in rows of "
                f"{min(settings.max_length, base.max_length)} pieces",
                where="--train",
                hint="see that texts are not empty and answers not longer than a row (--set max_length=N)",
            )
        self.order = BatchOrder(
            [sum(len(row.ids) for row in unit) for unit in self.units],
            max_tokens=settings.batch_tokens,
            seed=seed,
            max_rows=settings.batch_rows,
        )
        composition.train(base_dropout=settings.base_dropout)

    def passes_per_epoch(self) -> int:
        """Forward passes that see every labelled row once."""
        return self.order.per_epoch()

    def loss(self, number: int) -> tuple[Tensor, int]:
        """The task's loss on the labelled rows of pass `number`."""
        chosen = [row for unit in self.order.at(number) for row in self.units[unit]]
        pad = self.composition.base.tokenizer.pad_token_id
        languages = [self.train[row.example].language for row in chosen]
        ids, mask = pad_rows([row.ids for row in chosen], pad, self.device)
        with computing_in(self.precision, self.device):
            logits = self.composition.scores(ids, mask, languages)
        return self.task.loss(logits, chosen), int(mask.sum())

    def evaluate(self) -> float | None:
        """The primary metric on the dev examples, in percent."""
        if not self.dev:
            return None
        self.composition.train(False)
        found = predict(self.task, self.dev, self.composition, self.labels)
        score = float(self.task.value(self.task.counts(self.dev, found).sum(0)))
        self.composition.train(base_dropout=self.settings.base_dropout)
        return score


def train_task(
    base: Base,
    train: Sequence[Example],
    dev: Sequence[Example] = (),
    *,
    task: str,
    source_language: str = "eng",
    language_module: Module | None = None,
    kind: str = "bottleneck",
    options: Mapping[str, Any] | None = None,
    settings: TrainingSettings = DEFAULTS,
    run: Run = ALONE,
    below: str | None = None,
    init: Module | None = None,
) -> Module:
    """Train one task module; the language module below stays byte for byte what it was.

    options: fields of the kind's first part, and under `head` those of the head, such as
    {"head": {"pooling": "mean"}}. below: the name of the language module, for the card.
    init: a task module to go on from.
    Raises InputError for empty data or labels outside the set.
    """
    work = task_named(task)
    if not train:
        raise InputError("no labelled example to train on", where="--train")
    labels = init.facts.labels if init else work.labels(train)
    making = making_of(
        settings,
        kind=kind,
        options=options,
        data={"train": train, "dev": dev},
        modules={"init": init, "language_module": language_module},
    )
    name = below or (language_module and language_module.facts.language) or ""
    facts = facts_of(
        base,
        run,
        settings,
        task=task,
        source=parse(source_language),
        labels=labels,
        below=((name, module_fingerprint(language_module)),) if language_module else (),
        making=making,
    )
    configs = task_parts(work, kind, options, labels, base)
    module = init.continued(facts) if init else Module.fresh(configs, base.shape, facts)
    lowest = [] if language_module is None else [frozen(language_module)]

    def objective_of(trained: Module) -> TaskObjective:
        composition = Composition(base, [*lowest, trained])
        return TaskObjective(
            work, composition, labels=labels, data=(train, dev), settings=settings, seed=run.seed
        )

    course = Course(
        shape=base.shape,
        objective_of=objective_of,
        settings=settings,
        checkpoints=run.checkpoints,
        reporter=run.reporter,
    )
    module, outcome = train_module(module, course, choose=init is None)
    best = None if outcome.best_score is None else round(outcome.best_score, 3)
    scores = {f"dev_{work.metric}": best, "best_step": outcome.best_step, "train_examples": len(train)}
    done = module.with_facts(steps=outcome.steps)
    return Module(done.parts, done.facts, scores)


def _units(rows: Sequence[Row], *, together: bool) -> list[list[Row]]:
    """What a batch takes whole: a row, or all rows of an example."""
    if not together:
        return [[row] for row in rows]
    return [list(unit) for _, unit in groupby(rows, key=lambda row: row.example)]


def task_parts(
    task: Task, kind: str, options: Mapping[str, Any] | None, labels: Sequence[str], base: Base
) -> tuple[PartConfig, ...]:
    """The parts of a task module: those of its kind, and a head in the base family's own shape."""
    own = dict(options or {})
    chosen = own.pop("head", {})
    return (*preset(kind, own), _head(task, task.head(labels, base), chosen))


def _head(task: Task, own: PartConfig, chosen: Any) -> PartConfig:
    """A task's head with what was chosen of it; InputError for what the task itself decides."""
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


def check_kind(kind: str, options: Mapping[str, Any], *, where: str = "--kind") -> None:
    """InputError for an unknown kind, or for options that it does not have."""
    preset(kind, {key: value for key, value in options.items() if key != "head"}, where=where)


def frozen(module: Module) -> Module:
    """The same module, its parameters out of reach of any optimizer."""
    for network in module.networks:
        network.requires_grad_(False)
    return module
