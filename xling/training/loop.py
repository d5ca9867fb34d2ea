"""The loop: one optimizer, one schedule, any objective. Everything random is a function of (seed, step)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from xling.errors import XlingError
from xling.training.checkpoints import Checkpoints, Progress
from xling.training.interrupting import interrupts_noted
from xling.training.reporting import Reporter, Tick
from xling.training.specs import TrainingSettings


@runtime_checkable
class Objective(Protocol):
    """What a run minimises. `loss` must depend on the parameters and the pass number alone."""

    higher_is_better: bool

    def passes_per_epoch(self) -> int:
        """Forward passes that see every example once."""
        ...

    def loss(self, number: int) -> tuple[Tensor, int]:
        """The loss of forward pass `number` (a scalar) and how many real pieces it read."""
        ...

    def evaluate(self) -> float | None:
        """The score on held-out data, or None when there is none."""
        ...


class NotFinite(XlingError):
    """A loss or a gradient that is no number: nothing can be learned from it."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended. seconds and tokens count this process's part of it."""

    steps: int
    best_step: int
    best_score: float | None
    seconds: float
    tokens: int


def fit(
    objective: Objective,
    parameters: Mapping[str, nn.Parameter],
    settings: TrainingSettings,
    *,
    seed: int,
    checkpoints: Checkpoints,
    reporter: Reporter,
    phase: str = "",
) -> Outcome:
    """Train `parameters` in place and leave the best values in them.

    Starts from the newest checkpoint if there is one; a resumed run ends with the same bytes as an
    undisturbed one, for the same number of threads. An interrupt waits for the end of the step and
    keeps it. Raises NotFinite, which names the step, at the first loss or gradient that is no finite number;
    the state before that step is kept.
    """
    optimizer = torch.optim.AdamW(
        parameters.values(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    progress = checkpoints.restore(parameters, optimizer)
    if progress is None:
        progress = Progress(steps=planned_steps(objective, parameters, settings, seed))
    reporter.begin(progress.step, progress.steps, phase)
    started, tokens = time.perf_counter(), 0
    try:
        with interrupts_noted() as interrupted:
            while progress.step < progress.steps:
                step = progress.step
                rate = learning_rate(step, progress.steps, settings)
                loss, count = _update(objective, optimizer, settings, step=step, rate=rate, seed=seed)
                tokens += count
                progress.step = step + 1
                score = _score_where_due(objective, progress, parameters, settings)
                reporter.tick(
                    Tick(
                        step=progress.step,
                        steps=progress.steps,
                        loss=loss,
                        learning_rate=rate,
                        tokens=count,
                        score=score,
                    )
                )
                stop = interrupted()
                if stop or (settings.checkpoint_every and progress.step % settings.checkpoint_every == 0):
                    checkpoints.save(progress, parameters, optimizer)
                if stop:
                    raise KeyboardInterrupt
    except NotFinite as error:
        if all(torch.isfinite(value).all() for value in parameters.values()):
            checkpoints.save(progress, parameters, optimizer)
        raise NotFinite(
            f"{error} in step {progress.step + 1} of {progress.steps}; what was learned before is kept: "
            "look at the data, or start over with --fresh and a lower learning_rate"
        ) from error
    finally:
        reporter.end()
    progress.put_best(parameters)
    return Outcome(
        steps=progress.steps,
        best_step=progress.best_step,
        best_score=progress.best_score,
        seconds=time.perf_counter() - started,
        tokens=tokens,
    )


def learning_rate(step: int, steps: int, settings: TrainingSettings) -> float:
    """Linear warm-up over the first fraction of steps, then linear decay to zero after the last."""
    warmup = int(steps * settings.warmup_fraction)
    if step < warmup:
        return settings.learning_rate * (step + 1) / (warmup + 1)
    return settings.learning_rate * (steps - step) / max(1, steps - warmup)


def planned_steps(
    objective: Objective, parameters: Mapping[str, nn.Parameter], settings: TrainingSettings, seed: int
) -> int:
    """Optimizer steps in the run; minutes are turned into steps by timing a few passes."""
    if settings.steps is not None:
        return settings.steps
    if settings.epochs is not None:
        return max(1, round(settings.epochs * objective.passes_per_epoch() / settings.accumulation))
    if settings.minutes is not None:
        seconds = _seconds_per_pass(objective, parameters, seed)
        return max(1, int(settings.minutes * 60 / (seconds * settings.accumulation)))
    raise ValueError("give steps, epochs or minutes")


def _seconds_per_pass(objective: Objective, parameters: Mapping[str, nn.Parameter], seed: int) -> float:
    times = []
    for number in range(4):
        start = time.perf_counter()
        seeded_loss(objective, number, seed)[0].backward()
        times.append(time.perf_counter() - start)
    for parameter in parameters.values():
        parameter.grad = None
    return sum(times[1:]) / len(times[1:])


def _score_where_due(
    objective: Objective,
    progress: Progress,
    parameters: Mapping[str, nn.Parameter],
    settings: TrainingSettings,
) -> float | None:
    """The held-out score where one is to be taken after this step; the best values are kept."""
    if not _due(progress.step, progress.steps, settings.evaluate_every):
        return None
    score = objective.evaluate()
    progress.offer(score, parameters, higher_is_better=objective.higher_is_better)
    return score


def _update(
    objective: Objective,
    optimizer: torch.optim.Optimizer,
    settings: TrainingSettings,
    *,
    step: int,
    rate: float,
    seed: int,
) -> tuple[float, int]:
    total, tokens = 0.0, 0
    for part in range(settings.accumulation):
        loss, count = seeded_loss(objective, step * settings.accumulation + part, seed)
        (loss / settings.accumulation).backward()
        total += loss.item() / settings.accumulation
        tokens += count
    for group in optimizer.param_groups:
        group["lr"] = rate
        if not torch.isfinite(nn.utils.clip_grad_norm_(group["params"], settings.clip_norm)):
            raise NotFinite("the gradient is not finite")
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return total, tokens


def seeded_loss(objective: Objective, number: int, seed: int) -> tuple[Tensor, int]:
    """Dropout draws from a generator of this pass, and the caller's random state stays as it is.

    Raises NotFinite for a loss that is no finite number.
    """
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed((seed * 1_000_003 + number) % 2**63)
        loss, tokens = objective.loss(number)
    if not torch.isfinite(loss):
        raise NotFinite(f"the loss is {loss.item()}")
    return loss, tokens


def _due(step: int, steps: int, every: int) -> bool:
    return step == steps or (every > 0 and step % every == 0)
