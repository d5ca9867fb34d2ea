"""Making a hypernetwork: one module that learns tasks by examples and languages by their text, in turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Generator

from xling.bases.base import Base
from xling.bases.soundness import check_mask
from xling.composition.composed import Composition, check_fits
from xling.composition.forms.beside import heads_in
from xling.errors import InputError
from xling.languages import UNKNOWN
from xling.makers.language import perplexity, text_of, warn_of_unknown
from xling.makers.mlm_head import head_fingerprint, mlm_head
from xling.makers.stage import Data, Session, Stage
from xling.makers.task import head_of
from xling.modules.hypernetwork import MLM, HypernetworkConfig
from xling.modules.kind import PartConfig
from xling.modules.module import Module, Part
from xling.modules.registry import PRESETS, build, parse_config, preset
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


def learned_in(train: Sequence[str], source_language: str | None, *, init: Module | None) -> dict[str, Any]:
    """Return the task by whose head a plan scores, and the language of labels, as fields of a stage.

    They are those of the module to continue, if it has a head, or else of the labelled examples.

    train: the tasks that have examples. source_language: the language of the examples.
    """
    before = init.facts if init is not None and init.facts.task else None
    task = before.task if before else next(iter(train), None)
    source = source_language if train else before and before.source
    return {"task": task, "language": source or UNKNOWN}


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
    if stage.spec.training.drop_layers:
        hint = "generate a module, and train that further with drop_layers"
        raise InputError("a hypernetwork acts in all layers alike", where="training.drop_layers", hint=hint)
    _config(stage)


def hypernetwork_of(spec: HypernetworkTraining, *, where: str = "--kind") -> HypernetworkConfig:
    """Return the settings of the hypernetwork that a training makes, without tasks and languages.

    Raises InputError when the kind is no hypernetwork, or does not have one of the options.
    """
    config, *_ = preset(spec.kind, _options(spec), where=where) or (None,)
    if not isinstance(config, HypernetworkConfig):
        known = [name for name, own in PRESETS.items() if own and isinstance(own[0], HypernetworkConfig)]
        raise InputError(f"{spec.kind} is no hypernetwork", where=where, choices=known)
    return config


def make_hypernetwork(base: Base, stage: Shared, session: Session) -> Module:
    """Train the hypernetwork of a stage with a head for each task; each row knows its language and task.

    Its scores give the pseudo-perplexity of each language's held-out lines before and after training.
    """
    learned = _learned(stage)
    module = _started(base, stage, learned)
    _check_around(stage, base, module=module)
    texts = _Texts(base, stage, session=session, module=module) if _each(stage, "text") else None
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
        groups = (tasks, texts.objectives(trained) if texts else ())
        kinds = [Mixture(own, alpha=spec.alpha) for own in groups if own]
        shares = (spec.task_share, 1 - spec.task_share)
        return kinds[0] if len(kinds) == 1 else Mixture(kinds, shares=shares)

    module, outcome = stage.trained(module, base, session, objective_of)
    best = None if outcome.best_score is None else round(outcome.best_score, 3)
    metrics = " and ".join(dict.fromkeys(task_named(task).metric for task in learned))
    scores = {f"dev_{metrics}": best, "best_step": outcome.best_step} if learned else {}
    counts = {f"train_{name}": len(own.train) for name, own in learned.items()}
    after = texts.scores(module, "after") if texts else {}
    return replace(module, scores={**scores, **counts, **before, **after})


def _check_around(stage: Shared, base: Base, *, module: Module) -> None:
    """Raise InputError when a module of the plan scores in the place of the hypernetwork's own heads."""
    if any(heads_in(stage.composed(base)(module.of_task(None)).node)):
        hint = "name modules without a head around new"
        raise InputError("a hypernetwork has its own head for each task", where="--plan", hint=hint)


class _Texts:
    """The text of each language, and the MLM head by which a hypernetwork learns from it."""

    def __init__(self, base: Base, stage: Shared, *, session: Session, module: Module) -> None:
        check_mask(base.tokenizer)
        self.stage, self.around, self.head = stage, stage.composed(base), mlm_head(base, session.say)
        most = min(stage.spec.training.max_length, base.max_length)
        composition = self.around(module.of_task(None))
        self.rows = {}
        for language, lines in _each(stage, "text").items():
            tokenizer = composition.tokenizer(language)
            self.rows[language] = encode_lines(tokenizer, _read(composition, lines, language), most)
            warn_of_unknown(self.rows[language], tokenizer, language, session.say)

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
            read = _read(composition, lines, language)
            found |= perplexity(composition, self.head, read, language).scores(f"{when}_{language}")
        return found


def _read(composition: Composition, lines: Sequence[str], language: str) -> Sequence[str]:
    """Return lines as the plan's modules rewrite their words."""
    if not composition.rewrites:
        return lines
    return [" ".join(composition.rewritten(line.split(), language)) for line in lines]


def _learned(stage: Shared) -> dict[str, TaskData]:
    """Return the data of each task; a task that the module to continue knows keeps its labels."""
    dev, known = _each(stage, "dev"), _known(stage)
    labels = dict(known.facts.heads) if known else {}
    return {
        task: TaskData(labels.get(task) or task_named(task).labels(rows), rows, dev.get(task, ()))
        for task, rows in _each(stage, "train").items()
    }


def _started(base: Base, stage: Shared, learned: Mapping[str, TaskData]) -> Module:
    """Return the hypernetwork and its heads before training: new ones, or what `init` knows beside new ones.

    Raises MismatchError when the module to continue belongs to another base.
    """
    known, generator = _known(stage), Generator().manual_seed(stage.seed)
    config, heads, labels = _config(stage), {}, {task: data.labels for task, data in learned.items()}
    network = build(config, base.shape, generator)
    if known is not None:
        check_fits(known, base)
        network.load_state_dict(known.networks[0].state_dict(), strict=False)  # what is new in the data stays
        own, labels = known.continued(known.facts), {**labels, **dict(known.facts.heads)}
        heads = {task: own.of_task(task).parts[-1] for task in dict(known.facts.heads)}
    for task, data in learned.items():
        if task not in heads:
            chosen = stage.spec.options.get(_HEAD, {})
            head = head_of(task_named(task), task_named(task).head(data.labels, base), chosen)
            heads[task] = Part(head, f"{_HEAD}-{task}", build(head, base.shape, generator))
    told = tuple((task, tuple(labels[task])) for task in heads)
    facts = stage.facts(base, heads=told, labels=told[0][1] if told else ())
    return Module((Part(config, "hypernetwork", network), *heads.values()), facts)


def _config(stage: Shared) -> HypernetworkConfig:
    """Return the settings of a stage's hypernetwork, for the tasks and languages that it has learned then.

    Raises InputError when the kind is no hypernetwork, options differ from those of the module to continue,
    or traits are read and a language has none.
    """
    config, train, texts = hypernetwork_of(stage.spec), _each(stage, "train"), _each(stage, "text")
    spoken = (row.language for rows in train.values() for row in rows)
    tasks, languages = [*([MLM] if texts else []), *train], [*texts, *spoken]
    if (known := _known(stage)) is not None:
        config = _same(stage.spec, known.parts[0].config)
        tasks, languages = [*config.tasks, *tasks], [*config.languages, *languages]
    return config.shared_by(list(dict.fromkeys(tasks)), list(dict.fromkeys(languages)))


def _same(spec: HypernetworkTraining, config: PartConfig) -> HypernetworkConfig:
    """Return the settings of the module to continue. Raises InputError when an option differs from them."""
    assert isinstance(config, HypernetworkConfig)
    values, options = config.model_dump(mode="json"), _options(spec)
    for key in options:
        if parse_config({**values, key: options[key]}, where="--set") != config:
            problem = f"{key} is {values[key]} in the module to continue, not {options[key]}"
            raise InputError(problem, where="--init", hint="leave it out, or train a new one")
    return config


def _known(stage: Shared) -> Module | None:
    """Return the hypernetwork to continue, or None. Raises InputError for a module of another kind."""
    known = stage.module("init")
    if known is not None and not isinstance(known.parts[0].config, HypernetworkConfig):
        kinds = " + ".join(part.config.kind for part in known.parts)
        hint = "name one that xling train hypernetwork made"
        raise InputError(f"a {kinds} module is no hypernetwork", where="--init", hint=hint)
    return known


def _options(spec: HypernetworkTraining) -> dict[str, Any]:
    return {key: value for key, value in spec.options.items() if key != _HEAD}


def _each(stage: Shared, purpose: str) -> Texts:
    """Return the rows for a purpose by what they are of: a task or a language."""
    roles = (role.partition("/") for role in stage.data)
    return {name: stage.given(f"{purpose}/{name}").rows for role, _, name in roles if role == purpose}
