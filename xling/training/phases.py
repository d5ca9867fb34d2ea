"""Training a module in one phase, or in two where the first decides what is trained (LT-SFT, SNIP)."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor

from xling.modules.kind import Rehearsal
from xling.modules.module import FACTS, WEIGHTS, Module, Part
from xling.modules.registry import KINDS, build
from xling.sites import EncoderShape, Paced, Penalised
from xling.training.checkpoints import Checkpoints, check_same, steps_in
from xling.training.loop import Accompanied, Objective, Outcome, fit, seeded_loss
from xling.training.reporting import Reporter, Silent
from xling.training.specs import TrainingSettings

ObjectiveOf = Callable[[Module], Objective]
_CHOSEN, _PASSES = "chosen", 8
_BESIDE = "beside"  # before the names of an objective's own parameters, in checkpoints
_IDENTITY = ("language", "source", "task", "labels", "base_fingerprint", "tokenizer_fingerprint")
SILENT = Silent()


@dataclass(frozen=True, kw_only=True)
class Course:
    """How the modules of one run are trained.

    objective_of: a function from the module under training to its objective.
    checkpoints: the folder for checkpoints, or None to keep none.
    """

    shape: EncoderShape
    objective_of: ObjectiveOf
    settings: TrainingSettings
    checkpoints: Path | None = None
    reporter: Reporter = SILENT


def train_module(module: Module, course: Course, *, choose: bool = True) -> tuple[Module, Outcome]:
    """Train a module and return it with the outcome of the run.

    Each phase, and the choice between the phases, resumes where it stopped. A kind that first learns where to
    act returns a new module; other kinds are trained in place.

    choose: whether such kinds choose where to act. If False, they train where they already act.
    """
    rehearsals = [own for part in module.parts if choose and (own := _rehearsal(part))]
    if not rehearsals:
        return module, _train(module, course)
    module = _chosen(module, course, rehearsals)
    rate = math.prod(own.rate(part.config) for part in module.parts if (own := _rehearsal(part)))
    faster = {"learning_rate": course.settings.learning_rate * rate}
    course = replace(course, settings=course.settings.model_copy(update=faster))
    return module, _train(module, course, rehearsals[0].second)


class WithPenalties:
    """An objective whose loss also contains the penalty terms of the module's parts."""

    def __init__(self, inner: Objective, parts: Sequence[Penalised], shape: EncoderShape) -> None:
        self.inner, self.parts, self.shape = inner, parts, shape
        self.higher_is_better = inner.higher_is_better

    def passes_per_epoch(self) -> int:
        return self.inner.passes_per_epoch()

    def loss(self, number: int) -> tuple[Tensor, int]:
        """Return the inner loss plus all penalties, and the number of pieces that were read."""
        loss, tokens = self.inner.loss(number)
        terms = (part.penalty(self.shape) for part in self.parts)
        return sum((term for term in terms if term is not None), loss), tokens

    def evaluate(self) -> float | None:
        return self.inner.evaluate()


def trainable(module: Module) -> dict[str, torch.nn.Parameter]:
    """Return the module's parameters by their names on disk, and make them require gradients."""
    found = {
        f"{part.prefix}.{name}": value
        for part in module.parts
        for name, value in part.network.named_parameters()
    }
    for value in found.values():
        value.requires_grad_(True)
    return found


def paces(module: Module) -> dict[str, float]:
    """Return the share of the learning rate that parameters take, by their names on disk."""
    return {
        f"{part.prefix}.{name}": part.network.pace
        for part in module.parts
        if isinstance(part.network, Paced)
        for name, _ in part.network.named_parameters()
    }


def _rehearsal(part: Part) -> Rehearsal | None:
    """Return the first phase that a part needs, or None if it needs none."""
    own = KINDS[part.config.kind].rehearsal
    return own if own and own.config(part.config) else None


def _chosen(module: Module, course: Course, rehearsals: Sequence[Rehearsal]) -> Module:
    """Return the module with its parameters chosen; the choice is saved as a module among the checkpoints."""
    kept = course.checkpoints / _CHOSEN if course.checkpoints else None
    if kept is not None and (kept / WEIGHTS).is_file():
        chosen = Module.load(kept)
        check_same(_whose(chosen), _whose(module), kept)
        return chosen
    first = tuple(_first(part, course.shape, module.facts.seed) for part in module.parts)
    tuned = replace(module, parts=first)
    phase = rehearsals[0].first
    if any(rehearsal.trains for rehearsal in rehearsals):
        _train(tuned, course, phase)
    else:
        _see_gradients(tuned, course)
    parts = []
    for part, own in zip(module.parts, first, strict=True):
        rehearsal = _rehearsal(part)
        if rehearsal:
            part = replace(part, network=rehearsal.select(part.config, own.network, course.shape))
        parts.append(part)
    module = replace(module, parts=tuple(parts))
    if kept is not None and course.checkpoints is not None:
        module.save(kept)
        Checkpoints(course.checkpoints / phase).clear()
    return module


def clear(checkpoints: Path) -> None:
    """Delete what trainings keep in a folder of checkpoints, and the folders that are then empty.

    Other files stay, and what cannot be deleted. Links are not followed.
    """
    kept = checkpoints / _CHOSEN
    if checkpoints.is_symlink() or kept.is_symlink():
        return
    chosen = (kept / WEIGHTS, kept / FACTS, *kept.glob(".*.unfinished"))
    for path in (*steps_in(checkpoints), *chosen):
        with suppress(OSError):
            path.unlink()
    folders = [own for own in (checkpoints, *checkpoints.rglob("*")) if own.is_dir()]
    for folder in sorted(folders, reverse=True):
        with suppress(OSError):
            folder.rmdir()


def _whose(module: Module) -> dict[str, Any]:
    """Return the facts of a module that are fixed before training and do not depend on the machine."""
    described = module.described()
    return {key: described[key] for key in (*_IDENTITY, "seed", "making")}


def _first(part: Part, shape: EncoderShape, seed: int) -> Part:
    """Return what replaces a part in the first phase: the part to rehearse, or a copy of the part itself."""
    rehearsal = _rehearsal(part)
    config = rehearsal.config(part.config) if rehearsal else None
    if config is None:
        return replace(part, network=copy.deepcopy(part.network))
    return Part(config, part.prefix, build(config, shape, Generator().manual_seed(seed)))


def _see_gradients(module: Module, course: Course) -> None:
    """Accumulate the gradients of the first forward passes in the module's parameters."""
    objective = course.objective_of(module)
    trainable(module)
    for number in range(_PASSES):
        seeded_loss(objective, number, module.facts.seed)[0].backward()


def _train(module: Module, course: Course, phase: str = "") -> Outcome:
    objective = course.objective_of(module)
    penalised = [network for network in module.networks if isinstance(network, Penalised)]
    beside = objective.companions if isinstance(objective, Accompanied) else {}
    return fit(
        WithPenalties(objective, penalised, course.shape) if penalised else objective,
        {**trainable(module), **{f"{_BESIDE}.{name}": value for name, value in beside.items()}},
        course.settings,
        seed=module.facts.seed,
        checkpoints=Checkpoints(course.checkpoints / phase if course.checkpoints else None, _whose(module)),
        reporter=course.reporter,
        phase=phase,
        paces=paces(module),
    )
