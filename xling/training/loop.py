"""The training loop: one optimizer, one schedule, any objective. Randomness is a function of (seed, step)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from xling.errors import InputError, XlingError
from xling.training.checkpoints import Checkpoints, Progress
from xling.training.interrupting import interrupts_noted
from xling.training.reporting import Reporter, Tick
from xling.training.specs import TrainingSettings

ALIKE: Mapping[str, float] = {}
_PACE = "pace"  # of a group of parameters, for the optimizer
_NO_MEMORY = "can't allocate memory"  # in the RuntimeError of torch's allocator for the CPU


@runtime_checkable
class Objective(Protocol):
    """What a run minimises. `loss` must depend only on the parameters and the number of the forward pass."""

    @property
    def higher_is_better(self) -> bool | None:
        """Whether a higher score is the better one; None when there never is a score."""
        ...

    def passes_per_epoch(self) -> int:
        """Return the number of forward passes in which every example is seen once."""
        ...

    def loss(self, number: int) -> tuple[Tensor, int]:
        """Return the loss of forward pass `number`, a scalar, and how many pieces it read, padding aside."""
        ...

    def evaluate(self) -> float | None:
        """Return the score on held-out data, or None if there is none."""
        ...


@runtime_checkable
class Accompanied(Protocol):
    """An objective with parameters of its own, which are trained with the module's and are no part of it."""

    @property
    def companions(self) -> Mapping[str, nn.Parameter]:
        """These parameters by name. They start from the same values whenever the objective is made."""
        ...


class NotFinite(XlingError):
    """A loss or a gradient is infinite or not a number, so training cannot go on."""


class OutOfMemory(XlingError):
    """A step of the training does not fit into the memory."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended.

    seconds, tokens: the time and the pieces of this process alone, without those before a resumption.
    """

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
    paces: Mapping[str, float] = ALIKE,
) -> Outcome:
    """Train `parameters` in place and leave the best values in them.

    paces: by how much the learning rate is multiplied for some of them; for the others it is 1.

    The run starts from the newest checkpoint if there is one. With the same number of threads, a resumed run
    ends with the same bytes as an uninterrupted one. Ctrl-C waits for the end of the step, then saves a
    checkpoint.

    Raises NotFinite, with the number of the step, at the first loss or gradient that is not finite. The state
    before that step is saved. Raises OutOfMemory when a step does not fit into the memory.
    """
    groups: dict[float, list[nn.Parameter]] = {}
    for name, value in parameters.items():
        groups.setdefault(paces.get(name, 1.0), []).append(value)
    optimizer = torch.optim.AdamW(
        [{"params": values, _PACE: pace} for pace, values in groups.items()],
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
    )
    progress = checkpoints.restore(parameters, optimizer)
    if progress is None:
        progress = Progress(steps=planned_steps(objective, parameters, settings, seed))
    keep = partial(checkpoints.save, progress, parameters, optimizer)
    reporter.begin(progress.step, progress.steps, phase)
    started, tokens = time.perf_counter(), 0
    try:
        with interrupts_noted() as interrupted, _explained(progress, parameters, keep):
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
                    keep()
                if stop:
                    raise KeyboardInterrupt
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


@contextmanager
def _explained(
    progress: Progress, parameters: Mapping[str, nn.Parameter], keep: Callable[[], None]
) -> Iterator[None]:
    """Say in which step a training broke off, and what to do. keep: writes a checkpoint."""
    try:
        yield
    except NotFinite as error:
        if all(torch.isfinite(value).all() for value in parameters.values()):
            keep()
        raise NotFinite(
            f"{error} in step {progress.step + 1} of {progress.steps}; what was learned before is kept: "
            "look at the data, or start over with --fresh and a lower learning_rate"
        ) from error
    except (MemoryError, RuntimeError) as error:
        if not (isinstance(error, (MemoryError, torch.OutOfMemoryError)) or _NO_MEMORY in str(error)):
            raise
        raise OutOfMemory(
            f"out of memory in step {progress.step + 1} of {progress.steps}; the last checkpoint is kept: "
            "free memory and run the same command again, or start over with --fresh and fewer batch_tokens"
        ) from error


def learning_rate(step: int, steps: int, settings: TrainingSettings) -> float:
    """Return the learning rate of a step: linear warm-up over the first steps, then linear decay to zero."""
    warmup = int(steps * settings.warmup_fraction)
    if step < warmup:
        return settings.learning_rate * (step + 1) / (warmup + 1)
    return settings.learning_rate * (steps - step) / max(1, steps - warmup)


def planned_steps(
    objective: Objective, parameters: Mapping[str, nn.Parameter], settings: TrainingSettings, seed: int
) -> int:
    """Return the number of optimizer steps of a run. Minutes are converted by timing a few forward passes."""
    if settings.steps is not None:
        return settings.steps
    if settings.epochs is not None:
        return max(1, round(settings.epochs * objective.passes_per_epoch() / settings.accumulation))
    if settings.minutes is not None:
        seconds = _seconds_per_pass(objective, parameters, seed)
        return max(1, int(settings.minutes * 60 / (seconds * settings.accumulation)))
    raise InputError("nothing says how long to train", where="training", hint="give steps, epochs or minutes")


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
    """Return the held-out score if this step is one to evaluate at, else None; the best values are stored."""
    if not _due(progress.step, progress.steps, settings.evaluate_every):
        return None
    score = objective.evaluate()
    progress.offer(score, parameters, higher_is_better=bool(objective.higher_is_better))
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
        group["lr"] = rate * group[_PACE]
    learned = [value for group in optimizer.param_groups for value in group["params"]]
    if not torch.isfinite(nn.utils.clip_grad_norm_(learned, settings.clip_norm)):
        raise NotFinite("the gradient is not finite")
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return total, tokens


def seeded_loss(objective: Objective, number: int, seed: int) -> tuple[Tensor, int]:
    """Return the loss of one forward pass, with a random seed of its own for dropout.

    The caller's random state is restored afterwards. Raises NotFinite when the loss is not finite.
    """
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed((seed * 1_000_003 + number) % 2**63)
        loss, tokens = objective.loss(number)
    if not torch.isfinite(loss):
        raise NotFinite(f"the loss is {loss.item()}")
    return loss, tokens


def _due(step: int, steps: int, every: int) -> bool:
    return step == steps or (every > 0 and step % every == 0)
