"""Training from files to a module's folder, resumable: what `xling train` does."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from xling.bases.base import load_base
from xling.data.examples import fingerprint
from xling.data.family import ALPHA, balanced, held_apart
from xling.data.own_files import read_labelled
from xling.data.parallel import read_parallel
from xling.data.text import read_text
from xling.errors import InputError
from xling.faults import faults
from xling.languages import parse
from xling.makers import alignment as alignment_job
from xling.makers import language as language_job
from xling.makers import task as task_job
from xling.makers.language import Origin, Run, Say
from xling.makers.making import made_so, making_of
from xling.modules.module import Module
from xling.modules.registry import preset
from xling.plain_yaml import assignment, put
from xling.store.card import write_card
from xling.tasks.registry import task_named
from xling.training.pseudo_perplexity import LINES
from xling.training.reporting import Reporter
from xling.training.settings import TrainingSettings

_PARTS = "parts"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What both trainings are told. changes: `key=value` of the settings, `parts.key=value` of the part."""

    base: str
    kind: str
    out: Path
    changes: tuple[str, ...] = ()
    seed: int = 0
    device: str = "cpu"
    fresh: bool = False
    minutes: float | None = None


@dataclass(frozen=True, kw_only=True)
class LanguageOrder:
    """A language, what its module learns from (text or parallel text), and what it goes on from.

    text: files and folders; of a family of languages `tag=path`, balanced by alpha.
    """

    language: str
    text: tuple[str, ...] = ()
    parallel: Path | None = None
    init: Path | None = None
    vocabulary: Path | None = None
    alpha: float = ALPHA


@dataclass(frozen=True, kw_only=True)
class TaskOrder:
    """A task, its data (of a format), what lies under it and what it goes on from."""

    task: str
    source_language: str
    train: Path
    dev: Path | None = None
    format: str = "auto"
    language_module: Path | None = None
    init: Path | None = None


def train_language_to(order: LanguageOrder, options: Options, reporter: Reporter, say: Say) -> dict[str, Any]:
    """Train a language module into `options.out`; a finished one is kept unless `fresh`."""
    parse(order.language)
    if bool(order.text) == bool(order.parallel):
        raise InputError(
            "a module learns from text or from parallel text",
            where="--text",
            hint="give --text or --parallel; for both, train on --text first, then --parallel with --init",
        )
    learn = _aligned if order.parallel else _read
    return learn(order, options, reporter=reporter, say=say)


def _read(order: LanguageOrder, options: Options, *, reporter: Reporter, say: Say) -> dict[str, Any]:
    """MLM on the order's text."""
    settings, parts = settings_of(language_job.DEFAULTS, options)
    preset(options.kind, parts)
    lines, held = _texts(order, options.seed)
    init, vocabulary = _loaded(order.init), _loaded(order.vocabulary)
    making = making_of(
        settings,
        kind=options.kind,
        options=parts,
        data={"text": lines, "held_out": held or ()},
        modules={"init": init, "vocabulary": vocabulary},
    )
    kept = _finished(options, {"language": parse(order.language), "making": making}, say)
    if kept is not None:
        return kept
    cards = ((" ".join(Path(text).name for text in order.text), fingerprint(lines)),)
    module = language_job.train_language(
        load_base(options.base, device=options.device),
        lines,
        language=order.language,
        kind=options.kind,
        options=parts,
        held_out=held,
        settings=settings,
        run=Run(
            seed=options.seed,
            checkpoints=options.out / "checkpoints",
            reporter=reporter,
            say=say,
            origin=Origin(cards),
        ),
        init=init,
        vocabulary=vocabulary,
    )
    return _keep(module, options.out)


def _texts(order: LanguageOrder, seed: int) -> tuple[list[str], list[str] | None]:
    """The lines to learn from; those of a family's languages balanced, with some of each held out."""
    named = [(text, "", "") if Path(text).exists() else text.partition("=") for text in order.text]
    if not any(equals for _, equals, _ in named):
        return read_text(order.text), None
    texts: dict[str, list[str]] = {}
    for tag, equals, path in named:
        if not equals:
            raise InputError(
                f"{tag!r} is of no language, but other texts are",
                where="--text",
                hint="write --text swh=FILE for each of a family's languages",
            )
        texts.setdefault(parse(tag), []).extend(read_text([path]))
    rest, held = held_apart(texts, LINES, seed)
    return balanced(rest, order.alpha, seed=seed), held


def _aligned(order: LanguageOrder, options: Options, *, reporter: Reporter, say: Say) -> dict[str, Any]:
    """Alignment on the order's pairs."""
    assert order.parallel is not None
    settings, parts = settings_of(alignment_job.DEFAULTS, options)
    preset(options.kind, parts)
    pairs = read_parallel(order.parallel, language=order.language)
    alignment_job.check_pairs(pairs)
    init, vocabulary = _loaded(order.init), _loaded(order.vocabulary)
    cards = ((order.parallel.name, fingerprint(["\t".join(pair) for pair in pairs])),)
    making = making_of(
        settings,
        kind=options.kind,
        options={**parts, "tokens": 0.0},
        data={"pairs": ["\t".join(pair) for pair in pairs]},
        modules={"init": init, "vocabulary": vocabulary},
    )
    kept = _finished(options, {"language": parse(order.language), "making": making}, say)
    if kept is not None:
        return kept
    module = alignment_job.align_language(
        load_base(options.base, device=options.device),
        pairs,
        language=order.language,
        kind=options.kind,
        options=parts,
        settings=settings,
        run=Run(
            seed=options.seed,
            checkpoints=options.out / "checkpoints",
            reporter=reporter,
            say=say,
            origin=Origin(cards),
        ),
        init=init,
        vocabulary=vocabulary,
    )
    return _keep(module, options.out)


def train_task_to(order: TaskOrder, options: Options, reporter: Reporter, say: Say) -> dict[str, Any]:
    """Train a task module into `options.out`; a finished one is kept unless `fresh`."""
    task_named(order.task)
    language = parse(order.source_language)
    settings, parts = settings_of(task_job.DEFAULTS, options)
    task_job.check_kind(options.kind, parts)
    read = partial(read_labelled, task=order.task, language=language, format=order.format)
    train, dev = read(order.train), read(order.dev) if order.dev else []
    below, init = _loaded(order.language_module), _loaded(order.init)
    making = making_of(
        settings,
        kind=options.kind,
        options=parts,
        data={"train": train, "dev": dev},
        modules={"init": init, "language_module": below},
    )
    kept = _finished(options, {"task": order.task, "source": language, "making": making}, say)
    if kept is not None:
        return kept
    run = Run(
        seed=options.seed,
        checkpoints=options.out / "checkpoints",
        reporter=reporter,
        say=say,
        origin=Origin(((order.train.name, fingerprint(train)),)),
    )
    module = task_job.train_task(
        load_base(options.base, device=options.device),
        train,
        dev,
        task=order.task,
        source_language=language,
        language_module=below,
        kind=options.kind,
        options=parts,
        settings=settings,
        run=run,
        below=_name(order.language_module) if order.language_module else None,
        init=init,
    )
    return _keep(module, options.out)


def settings_of(defaults: TrainingSettings, options: Options) -> tuple[TrainingSettings, dict[str, Any]]:
    """The settings and the options of the first part, with `--set` and `--minutes` applied."""
    values: dict[str, Any] = {**defaults.model_dump(), _PARTS: {}}
    for change in options.changes:
        path, value = assignment(change, "steps=500")
        values |= _length(path[0])
        put(values, path, value)
    parts = values.pop(_PARTS)
    if not isinstance(parts, dict):
        raise InputError(f"{parts!r} is no part", where="--set", hint="write --set parts.reduction_factor=4")
    if options.minutes is not None:
        values |= _length("minutes") | {"minutes": options.minutes}
    try:
        return TrainingSettings.model_validate(values), parts
    except ValidationError as error:
        raise InputError(faults(error, TrainingSettings), where="--set") from error


def _loaded(folder: Path | None) -> Module | None:
    return Module.load(folder) if folder else None


def _length(key: str) -> dict[str, None]:
    """Saying how long in one way takes back the other two."""
    ways = ("steps", "epochs", "minutes")
    return dict.fromkeys(ways) if key in ways else {}


def _finished(options: Options, wanted: Mapping[str, Any], say: Say) -> dict[str, Any] | None:
    """What the folder holds, if it was made as is wanted; InputError where it was made otherwise."""
    if options.fresh:
        shutil.rmtree(options.out / "checkpoints", ignore_errors=True)
        return None
    module = made_so(options.out, {"base": _id(options.base), "seed": options.seed, **wanted})
    if module is None:
        return None
    say(f"{options.out} holds a finished module; --fresh trains it again")
    return _summary(module, options.out)


def _id(base: str) -> str:
    """A base as modules name it: a Hub id without its revision."""
    return base if Path(base).is_dir() else base.partition("@")[0]


def _keep(module: Module, out: Path) -> dict[str, Any]:
    module.save(out)
    write_card(module, _name(out), out)
    shutil.rmtree(out / "checkpoints", ignore_errors=True)
    return _summary(module, out)


def _summary(module: Module, out: Path) -> dict[str, Any]:
    numbers = sum(value.numel() for value in module.tensors().values())
    return {"module": str(out), "steps": module.facts.steps, "parameters": numbers, **module.scores}


def _name(folder: Path) -> str:
    """`modules/lang/swh` is `lang/swh`."""
    parts: Sequence[str] = folder.parts[-2:]
    return "/".join(parts)
