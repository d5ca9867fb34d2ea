"""Training a module: one phase, or two where a kind first learns where to act (LT-SFT)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Generator, Tensor

from xling.modules.module import WEIGHTS, Module, Part
from xling.modules.registry import KINDS, build
from xling.sites import EncoderShape, Penalised
from xling.training.checkpoints import Checkpoints
from xling.training.loop import Objective, Outcome, fit
from xling.training.reporting import Reporter
from xling.training.settings import TrainingSettings

ObjectiveOf = Callable[[Module], Objective]
FIRST, SECOND = "full", "sparse"
_SELECTED = "selected"


def train_module(
    module: Module,
    shape: EncoderShape,
    objective_of: ObjectiveOf,
    settings: TrainingSettings,
    *,
    checkpoints: Path | None,
    reporter: Reporter,
    choose: bool = True,
) -> tuple[Module, Outcome]:
    """Train a module; each phase, and the selection between them, resumes where it stopped.

    objective_of: the objective of a module under training. choose: whether kinds that learn where to act
    do so, or train on where they act already. Returns the trained module, which is
    another value than the one given where its kind learns where to act.
    """
    phase = ""
    if choose and any(KINDS[part.config.kind].rehearsal for part in module.parts):
        module, phase = _selected(module, shape, objective_of, settings, checkpoints, reporter), SECOND
    return module, _train(module, shape, objective_of, settings, checkpoints, reporter, phase)


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


def _selected(
    module: Module,
    shape: EncoderShape,
    objective_of: ObjectiveOf,
    settings: TrainingSettings,
    checkpoints: Path | None,
    reporter: Reporter,
) -> Module:
    """The module with its places chosen; the choice is kept as a module folder among the checkpoints."""
    kept = checkpoints / _SELECTED if checkpoints else None
    if kept is not None and (kept / WEIGHTS).is_file():
        return Module.load(kept)
    first, then = [], []
    for part in module.parts:
        rehearsal = KINDS[part.config.kind].rehearsal
        if rehearsal is None:
            first.append(Part(part.config, part.prefix, copy.deepcopy(part.network)))
        else:
            config = rehearsal.config(part.config)
            first.append(Part(config, part.prefix, build(config, shape, Generator())))
    tuned = replace(module, parts=tuple(first))
    _train(tuned, shape, objective_of, settings, checkpoints, reporter, FIRST)
    for part, own in zip(module.parts, tuned.parts, strict=True):
        rehearsal = KINDS[part.config.kind].rehearsal
        chosen = rehearsal.select(part.config, own.network, shape) if rehearsal else part.network
        then.append(Part(part.config, part.prefix, chosen))
    module = replace(module, parts=tuple(then))
    if kept is not None and checkpoints is not None:
        module.save(kept)
        Checkpoints(checkpoints / FIRST).clear()
    return module


def _train(
    module: Module,
    shape: EncoderShape,
    objective_of: ObjectiveOf,
    settings: TrainingSettings,
    checkpoints: Path | None,
    reporter: Reporter,
    phase: str,
) -> Outcome:
    penalised = [network for network in module.networks if isinstance(network, Penalised)]
    return fit(
        WithPenalties(objective_of(module), penalised, shape) if penalised else objective_of(module),
        trainable(module),
        settings,
        seed=module.facts.seed,
        checkpoints=Checkpoints(checkpoints / phase if checkpoints else None),
        reporter=reporter,
        phase=phase,
    )
