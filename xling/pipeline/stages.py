"""Carrying out stages, each once and in its own folder. `xling run` and `xling train` both use it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from xling.bases.base import Base, load_base
from xling.evaluation.results import LOG, read_log
from xling.files import write_lines
from xling.machine import peak_rss_mb
from xling.makers.composed_model import ComposedModel, planned_task
from xling.makers.make import make
from xling.makers.projection import as_row, project_pairs
from xling.makers.stage import Say, Session, Stage
from xling.modules.module import WEIGHTS
from xling.pipeline.planning import Prediction
from xling.pipeline.readings import Readings
from xling.pipeline.records import (
    CHECKPOINTS,
    PROJECTED,
    Costs,
    Done,
    begun,
    check_ours,
    finish,
    finished,
    kept,
)
from xling.places import claimed
from xling.store.store import write_card
from xling.tasks.inference import Computing
from xling.tasks.task import Prediction as Row
from xling.training.phases import clear
from xling.training.reporting import Bar, Log, Reporter, Several
from xling.training.specs import Projection, Specification

PREDICTIONS = "predictions.jsonl"


@dataclass(frozen=True, kw_only=True)
class Workbench:
    """What stages are carried out with.

    base: the name of the base, which is opened when it is first needed.
    bars: whether progress bars are shown on stderr.
    say: a function that is called with each message to the user.
    readings: the scores that plans have given rows, which votes with those plans use again.
    """

    base: str
    device: str = "cpu"
    bars: bool = False
    say: Say = lambda text: None
    readings: Readings = field(default_factory=Readings)

    @cached_property
    def opened(self) -> Base:
        """The base, which is opened once."""
        return load_base(self.base, device=self.device)

    def session(self, stage: Stage, folder: Path) -> Session:
        """Return a session that logs the steps of a stage and keeps its checkpoints in the stage's folder."""
        reporters: list[Reporter] = [Log(folder / LOG, stage.name), *([Bar(stage.name)] if self.bars else [])]
        return Session(checkpoints=folder / CHECKPOINTS, reporter=Several(reporters), say=self.say)


def carry_out(stage: Stage, folder: Path, bench: Workbench, *, fresh: bool = False) -> Done:
    """Make what a stage asks for in its folder, unless it is already there. An interrupted stage resumes.

    The modules that the stage depends on must already be made. While another process makes the stage, it is
    waited for.

    fresh: whether to make it again even if it is there.

    Raises InputError that names the differences when the folder holds a module that was made otherwise, and
    InputError when it holds somebody else's files.
    """
    wanted = {"base": _id(bench.base) if stage.spec.needs_base else None, **stage.identity}
    found = None if fresh else kept(stage, wanted, folder, _made(stage))
    if found and not (folder / CHECKPOINTS).exists():
        return found
    check_ours(folder)
    with claimed(folder, bench.say):
        found = None if fresh else kept(stage, wanted, folder, _made(stage))
        if fresh:
            _clear(folder)
        if not found:
            with begun(stage, wanted, folder):
                costs = _make(stage, folder, bench)
            found = finish(stage, wanted, folder, costs)
        _clear(folder)
    return found


def _make(stage: Stage, folder: Path, bench: Workbench) -> Costs:
    """Write the files of a stage, and return what that cost."""
    started = time.perf_counter()
    if type(stage.spec) in _FILES:
        _FILES[type(stage.spec)].write(stage, folder, bench)
    else:
        base = bench.opened if stage.spec.needs_base else None
        module = make(base, stage, bench.session(stage, folder))
        module.save(folder)
        write_card(module, stage.title, folder)
    seconds = time.perf_counter() - started
    return Costs(seconds=seconds, tokens=_logged_tokens(folder / LOG), peak_rss_mb=peak_rss_mb())


def _clear(folder: Path) -> None:
    """Delete the checkpoints of a stage; files of others there stay."""
    clear(folder / CHECKPOINTS)


class Stages:
    """The stages below one folder, shared by all recipes that are run there.

    Each stage has a folder that is named by its key.

    fresh: whether to make each stage again, once.
    """

    def __init__(self, root: Path, *, fresh: bool = False) -> None:
        self.root, self.fresh = root, fresh
        self.done: dict[str, Done] = {}

    def carry_out(self, stage: Stage, bench: Workbench) -> Done:
        """Make a stage and, before it, the stages that it depends on, unless they are already made."""
        key = stage.key(bench.opened)
        if key not in self.done:
            folder = self.root / f"{re.sub(r'[^A-Za-z0-9]+', '-', stage.name)}-{key[:16]}"
            left = self.fresh or (folder / CHECKPOINTS).exists()
            found = None if left else finished(stage, folder, _made(stage))
            self.done[key] = found or carry_out(self._standing(stage, bench), folder, bench, fresh=self.fresh)
            bench.say(f"{stage.name}: {'kept' if found else f'{self.done[key].costs.seconds:.0f} s'}")
        return self.done[key]

    def _standing(self, stage: Stage, bench: Workbench) -> Stage:
        """Return the stage with made modules in the place of the stages that it depends on."""
        below = stage.beforehand
        done = {role: self.carry_out(own, bench) for role, own in below.items()}
        made = {role: own.module for role, own in done.items() if role in stage.modules}
        data = {
            role: own.projected(self._standing(below[role], bench))
            for role, own in done.items()
            if role in stage.data
        }
        return replace(stage, modules={**stage.modules, **made}, data={**stage.data, **data})


def _predict(stage: Stage[Prediction], folder: Path, bench: Workbench) -> None:
    """Write the predictions for the stage's test examples, one per line."""
    model, examples = _planned(stage, bench), stage.rows("test")
    computing = Computing(precision=stage.spec.precision, recall=bench.readings)
    _write_rows(folder / PREDICTIONS, model.predict_examples(examples, computing))


def _project(stage: Stage[Projection], folder: Path, bench: Workbench) -> None:
    """Write the examples with labels of their translations, one per line; say what is dropped."""
    model = _planned(stage, bench)
    found = project_pairs(model, stage.rows("pairs"), stage.spec, language=stage.language, seed=stage.seed)
    _write_rows(folder / PROJECTED, [as_row(model.task, example) for example in found.examples])
    bench.say(f"{stage.name}: {found}")


def _planned(stage: Stage, bench: Workbench) -> ComposedModel:
    """Return the base under the plan of a stage."""
    return ComposedModel(bench.opened, planned_task(stage.plan, lambda named: stage.below(str(named))))


def _write_rows(path: Path, rows: Sequence[Row]) -> None:
    write_lines(path, [json.dumps(row, ensure_ascii=False) for row in rows])


@dataclass(frozen=True)
class _File:
    """What a stage makes that is no module: the name of the file, and the function that writes it."""

    name: str
    write: Callable[[Stage[Any], Path, Workbench], None]


_FILES: Mapping[type[Specification], _File] = {
    Prediction: _File(PREDICTIONS, _predict),
    Projection: _File(PROJECTED, _project),
}


def _made(stage: Stage) -> str:
    """Return the name of the file that a stage makes."""
    own = _FILES.get(type(stage.spec))
    return own.name if own else WEIGHTS


def _id(base: str) -> str:
    """Return the name of a base as modules record it: a Hub id without its revision, or a folder."""
    return base if Path(base).is_dir() else base.partition("@")[0]


def _logged_tokens(log: Path) -> int:
    """Return the number of pieces that a whole training read, over all its resumptions."""
    return sum(row.tokens for row in read_log(log)[0])
