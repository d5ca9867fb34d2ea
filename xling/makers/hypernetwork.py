"""Making a hypernetwork: one module that learns tasks by examples and languages by their text, in turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Generator

from xling.bases.base import Base
from xling.bases.soundness import check_mask
from xling.errors import InputError
from xling.makers.language import perplexity, text_of, warn_of_unknown
from xling.makers.mlm_head import head_fingerprint, mlm_head
from xling.makers.stage import Data, Session, Stage
from xling.makers.task import head_of
from xling.modules.facts import Facts
from xling.modules.hypernetwork import MLM, HypernetworkConfig
from xling.modules.module import Module, Part
from xling.modules.registry import PRESETS, build, preset
from xling.tasks.registry import task_named
from xling.training.mixture import Mixture
from xling.training.mlm import MaskedLanguageModelling, encode_lines
from xling.training.specs import HypernetworkTraining
from xling.training.task_objective import TaskData, TaskObjective

Shared = Stage[HypernetworkTraining]
Texts = Mapping[str, Sequence[Any]]
_HEAD = "head"  # the options of the heads, among those of the kind


def shared_data(
    texts: Mapping[str, Data], train: Mapping[str, Data], dev: Mapping[str, Data], seed: int
) -> dict[str, Data]:
    """Return the data of a hypernetwork's stage by purpose: `train/tagging`, `text/swh` and so on.

    texts: lines by language, some of which are held out. train, dev: labelled examples by task.
    """
    data = {f"train/{task}": own for task, own in train.items()}
    data |= {f"dev/{task}": own for task, own in dev.items()}
    for language, own in texts.items():
        data |= {f"{role}/{language}": lines for role, lines in text_of(own, None, seed).items()}
    return data


def check_hypernetwork(stage: Shared) -> None:
    """Raise InputError for a kind that is no hypernetwork, an unknown task or language, or missing data."""
    train, texts = _each(stage, "train"), _each(stage, "text")
    if not train and not texts:
        hint = "give --train TASK=FILE, --text swh=FILE for each language, or both"
        raise InputError("there is nothing to learn from", where="--text", hint=hint)
    for task in train:
        task_named(task, where="--train")
    for option, given in (("--train", train), ("--text", texts)):
        if empty := [name for name, rows in given.items() if not rows]:
            raise InputError(f"nothing of {empty[0]} is left to train on", where=option, hint="give more")
    if odd := _each(stage, "dev").keys() - train.keys():
        raise InputError(f"{min(odd)} is not trained", where="--dev", choices=tuple(train))
    _config(stage)


def hypernetwork_of(spec: HypernetworkTraining, *, where: str = "--kind") -> HypernetworkConfig:
    """Return the settings of the hypernetwork that a training makes, without tasks and languages.

    Raises InputError when the kind is no hypernetwork, or does not have one of the options.
    """
    options = {key: value for key, value in spec.options.items() if key != _HEAD}
    config, *_ = preset(spec.kind, options, where=where) or (None,)
    if not isinstance(config, HypernetworkConfig):
        known = [name for name, own in PRESETS.items() if own and isinstance(own[0], HypernetworkConfig)]
        raise InputError(f"{spec.kind} is no hypernetwork", where=where, choices=known)
    return config


def make_hypernetwork(base: Base, stage: Shared, session: Session) -> Module:
    """Train the hypernetwork of a stage with a head for each task; each row knows its language and task.

    Its scores give the pseudo-perplexity of each language's held-out lines before and after training.
    """
    learned = _learned(stage)
    module = _fresh(base, stage, learned)
    texts = _Texts(base, stage, session) if _each(stage, "text") else None
    if texts is not None:
        module = module.with_facts(mlm_head_fingerprint=head_fingerprint(texts.head))
    before = texts.scores(module, "before") if texts else {}
    around, spec = stage.composed(base), stage.spec

    def objective_of(trained: Module) -> Mixture:
        tasks = [
            TaskObjective(
                task_named(task), around(trained.of_task(task)), data=data, settings=spec.training,
                seed=stage.seed,
            )
            for task, data in learned.items()
        ]  # fmt: skip
        return Mixture([*tasks, *(texts.objectives(trained) if texts else ())], alpha=spec.alpha)

    module, outcome = stage.trained(module, base, session, objective_of)
    best = None if outcome.best_score is None else round(outcome.best_score, 3)
    metrics = " and ".join(dict.fromkeys(task_named(task).metric for task in learned))
    scores = {f"dev_{metrics}": best, "best_step": outcome.best_step} if learned else {}
    counts = {f"train_{name}": len(own.train) for name, own in learned.items()}
    after = texts.scores(module, "after") if texts else {}
    return replace(module, scores={**scores, **counts, **before, **after})


class _Texts:
    """The text of each language, and the MLM head by which a hypernetwork learns from it."""

    def __init__(self, base: Base, stage: Shared, session: Session) -> None:
        check_mask(base.tokenizer)
        self.stage, self.around, self.head = stage, stage.composed(base), mlm_head(base, session.say)
        most = min(stage.spec.training.max_length, base.max_length)
        self.rows = {
            language: encode_lines(base.tokenizer, lines, most)
            for language, lines in _each(stage, "text").items()
        }
        for language, rows in self.rows.items():
            warn_of_unknown(rows, base.tokenizer, language, session.say)

    def objectives(self, module: Module) -> list[MaskedLanguageModelling]:
        """Return the objective of each language; no head of a task reads the states."""
        composition, spec, seed = self.around(module.of_task(None)), self.stage.spec, self.stage.seed
        return [
            MaskedLanguageModelling(composition, self.head, rows, spec, seed=seed, language=language)
            for language, rows in self.rows.items()
        ]

    def scores(self, module: Module, when: str) -> dict[str, float | None]:
        """Return the pseudo-perplexity of each language's held-out lines, among a module's scores."""
        composition, found = self.around(module.of_task(None)), {}
        for language, lines in _each(self.stage, "held_out").items():
            found |= perplexity(composition, self.head, lines, language).scores(f"{when}_{language}")
        return found


def _learned(stage: Shared) -> dict[str, TaskData]:
    dev = _each(stage, "dev")
    return {
        task: TaskData(task_named(task).labels(rows), rows, dev.get(task, ()))
        for task, rows in _each(stage, "train").items()
    }


def _fresh(base: Base, stage: Shared, learned: Mapping[str, TaskData]) -> Module:
    """Return an untrained hypernetwork with a head for each task."""
    chosen, configs = stage.spec.options.get(_HEAD, {}), {"hypernetwork": _config(stage)}
    heads = {
        f"{_HEAD}-{task}": head_of(task_named(task), task_named(task).head(data.labels, base), chosen)
        for task, data in learned.items()
    }
    generator = Generator().manual_seed(stage.seed)
    parts = [
        Part(config, prefix, build(config, base.shape, generator))
        for prefix, config in {**configs, **heads}.items()
    ]
    return Module(tuple(parts), _facts(base, stage, learned))


def _facts(base: Base, stage: Shared, learned: Mapping[str, TaskData]) -> Facts:
    heads = tuple((task, tuple(data.labels)) for task, data in learned.items())
    return stage.facts(base, heads=heads, labels=heads[0][1] if heads else ())


def _config(stage: Shared) -> HypernetworkConfig:
    """Return the settings of a stage's hypernetwork, for the tasks and languages of its data.

    Raises InputError when the kind is no hypernetwork, or traits are read and a language has none.
    """
    config, train, texts = hypernetwork_of(stage.spec), _each(stage, "train"), _each(stage, "text")
    spoken = (row.language for rows in train.values() for row in rows)
    return config.shared_by([*([MLM] if texts else []), *train], list(dict.fromkeys([*texts, *spoken])))


def _each(stage: Shared, purpose: str) -> Texts:
    """Return the rows for a purpose by what they are of: a task or a language."""
    roles = (role.partition("/") for role in stage.data)
    return {name: stage.given(f"{purpose}/{name}").rows for role, _, name in roles if role == purpose}
