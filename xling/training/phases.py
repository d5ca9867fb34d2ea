"""Training a module: one phase, or two where a kind first learns where to act (LT-SFT, SNIP)."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor

from xling.modules.config import PartConfig
from xling.modules.module import WEIGHTS, Module, Part
from xling.modules.registry import KINDS, build
from xling.sites import EncoderShape, Penalised
from xling.training.checkpoints import Checkpoints
from xling.training.loop import Objective, Outcome, fit, seeded_loss
from xling.training.reporting import Reporter, Silent
from xling.training.sameness import check_same
from xling.training.specs import TrainingSettings

ObjectiveOf = Callable[[Module], Objective]
FIRST, SECOND = "full", "sparse"
_CHOSEN, _PASSES = "chosen", 8
_IDENTITY = ("language", "source", "task", "labels", "base_fingerprint", "tokenizer_fingerprint")
SILENT = Silent()


@dataclass(frozen=True, kw_only=True)
class Course:
    """How modules of one run are trained. objective_of: the objective of a module under training."""

    shape: EncoderShape
    objective_of: ObjectiveOf
    settings: TrainingSettings
    checkpoints: Path | None = None
    reporter: Reporter = SILENT


def train_module(module: Module, course: Course, *, choose: bool = True) -> tuple[Module, Outcome]:
    """Train a module; each phase, and the choice between them, resumes where it stopped.

    choose: whether kinds that learn where to act do so, or train on where they act already. Returns the
    trained module, which is another value than the one given where its kind learns where to act.
    """
    phase = ""
    if choose and any(_rehearsed(part.config) for part in module.parts):
        module, phase = _chosen(module, course), SECOND
        rate = math.prod(getattr(part.config, "rate", 1.0) for part in module.parts)
        faster = {"learning_rate": course.settings.learning_rate * rate}
        course = replace(course, settings=course.settings.model_copy(update=faster))
    return module, _train(module, course, phase)


class WithPenalties:
    """An objective and the terms that parts add to its loss."""

    def __init__(self, inner: Objective, parts: Sequence[Penalised], shape: EncoderShape) -> None:
        self.inner, self.parts, self.shape = inner, parts, shape
        self.higher_is_better = inner.higher_is_better

    def passes_per_epoch(self) -> int:
        return self.inner.passes_per_epoch()

    def loss(self, number: int) -> tuple[Tensor, int]:
        loss, tokens = self.inner.loss(number)
        terms = (part.penalty(self.shape) for part in self.parts)
        return sum((term for term in terms if term is not None), loss), tokens

    def evaluate(self) -> float | None:
        return self.inner.evaluate()


def trainable(module: Module) -> dict[str, torch.nn.Parameter]:
    """The module's parameters by their names on disk, ready to learn."""
    found = {
        f"{part.prefix}.{name}": value
        for part in module.parts
        for name, value in part.network.named_parameters()
    }
    for value in found.values():
        value.requires_grad_(True)
    return found


def _rehearsed(config: PartConfig) -> PartConfig | None:
    rehearsal = KINDS[config.kind].rehearsal
    return rehearsal.config(config) if rehearsal else None


def _chosen(module: Module, course: Course) -> Module:
    """The module with its places chosen; the choice is kept as a module folder among the checkpoints."""
    kept = course.checkpoints / _CHOSEN if course.checkpoints else None
    if kept is not None and (kept / WEIGHTS).is_file():
        chosen = Module.load(kept)
        check_same(_whose(chosen), _whose(module), kept)
        return chosen
    first = tuple(_first(part, course.shape, module.facts.seed) for part in module.parts)
    tuned = replace(module, parts=first)
    rehearsals = [KINDS[part.config.kind].rehearsal for part in module.parts]
    if any(rehearsal and rehearsal.trains for rehearsal in rehearsals):
        _train(tuned, course, FIRST)
    else:
        _see_gradients(tuned, course)
    parts = []
    for part, own in zip(module.parts, first, strict=True):
        rehearsal = KINDS[part.config.kind].rehearsal
        network = part.network
        if rehearsal is not None and own.config is not part.config:
            network = rehearsal.select(part.config, own.network, course.shape)
        parts.append(Part(part.config, part.prefix, network))
    module = replace(module, parts=tuple(parts))
    if kept is not None and course.checkpoints is not None:
        module.save(kept)
        Checkpoints(course.checkpoints / FIRST).clear()
    return module


def _whose(module: Module) -> dict[str, Any]:
    """What of a module is settled before it is trained, on whatever machine."""
    described = module.described()
    return {key: described[key] for key in (*_IDENTITY, "seed", "making")}


def _first(part: Part, shape: EncoderShape, seed: int) -> Part:
    """What stands for a part in the first phase; parts that choose nothing start there as they are."""
    config = _rehearsed(part.config)
    if config is None:
        return Part(part.config, part.prefix, copy.deepcopy(part.network))
    return Part(config, part.prefix, build(config, shape, Generator().manual_seed(seed)))


def _see_gradients(module: Module, course: Course) -> None:
    """Leave the summed gradients of the first passes in the module's parameters."""
    objective = course.objective_of(module)
    trainable(module)
    for number in range(_PASSES):
        seeded_loss(objective, number, module.facts.seed)[0].backward()


def _train(module: Module, course: Course, phase: str) -> Outcome:
    objective = course.objective_of(module)
    penalised = [network for network in module.networks if isinstance(network, Penalised)]
    return fit(
        WithPenalties(objective, penalised, course.shape) if penalised else objective,
        trainable(module),
        course.settings,
        seed=module.facts.seed,
        checkpoints=Checkpoints(course.checkpoints / phase if course.checkpoints else None, _whose(module)),
        reporter=course.reporter,
        phase=phase,
    )
