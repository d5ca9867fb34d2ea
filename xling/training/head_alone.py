"""Training a head alone: the frozen encoder's states are computed once, and a linear head is a regression.

Whatever a head reads lies above the encoder, so what it reads does not change while it is trained. A linear
head is then fitted on all examples at once, by L-BFGS with an L2 penalty; for texts with one label each this
is multinomial logistic regression.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from xling.bases.batches import pad_rows
from xling.bases.precision import FLOAT32, computing_in
from xling.composition.composed import Composition
from xling.composition.noise import NO_NOISE
from xling.data.collation import sequential_batches
from xling.modules.head import HeadConfig, Pooling, pool
from xling.modules.module import Module
from xling.modules.registry import KINDS
from xling.tasks.pairing import padded_pairs
from xling.tasks.task import Row
from xling.training.loop import Outcome, seeded_loss
from xling.training.phases import trainable
from xling.training.reporting import Reporter, Tick
from xling.training.specs import TrainingSettings
from xling.training.task_objective import TaskObjective

MOST_STEPS = 500
_BATCH_TOKENS, _MEMORY = 4096, 20


@dataclass(frozen=True)
class ReadRow:
    """What a head reads of a row: the states that it scores, [items, hidden].

    row: the same row, in which `at` counts these states; one pooled state stands for the whole row.
    """

    row: Row
    states: Float[Tensor, "items hidden"]


class HeadObjective:
    """The loss of a task objective on states that are computed once, without gradient and in float32."""

    higher_is_better = True

    def __init__(self, inner: TaskObjective, module: Module) -> None:
        self.inner = inner
        languages = [example.language for example in inner.train]
        config = module.parts[0].config
        pooling: Pooling = config.pooling if isinstance(config, HeadConfig) else "none"
        rows = [row for unit in inner.units for row in unit]
        found = iter(readings(inner.composition, rows, languages, pooling))
        self.units = [[next(found) for _ in unit] for unit in inner.units]
        inner.composition.train()

    def passes_per_epoch(self) -> int:
        return self.inner.passes_per_epoch()

    def loss(self, number: int) -> tuple[Tensor, int]:
        """Return the task's loss on the rows of pass `number`, and the number of states that were scored."""
        inner = self.inner
        chosen = [reading for unit in inner.order.at(number) for reading in self.units[unit]]
        states = pad_sequence([reading.states for reading in chosen], batch_first=True)
        counts = torch.as_tensor([len(reading.states) for reading in chosen], device=states.device)
        mask = (torch.arange(states.shape[1], device=states.device) < counts[:, None]).long()
        languages = [inner.train[reading.row.example].language for reading in chosen]
        logits = inner.composition.scored(states, mask, languages)
        return inner.loss_of(logits, [reading.row for reading in chosen]), int(counts.sum())

    def evaluate(self) -> float | None:
        return self.inner.evaluate()

    def states(self) -> list[Tensor]:
        """Return all states that are scored, by row."""
        return [reading.states for unit in self.units for reading in unit]


def is_alone(module: Module, settings: TrainingSettings) -> bool:
    """Return whether the states that a module reads stay the same while it is trained."""
    return settings.noise == NO_NOISE and all(KINDS[part.config.kind].head for part in module.parts)


def is_linear(module: Module) -> bool:
    """Return whether a module is one linear layer, so that its loss has a single minimum."""
    configs = [part.config for part in module.parts]
    return all(isinstance(own, HeadConfig) and own.dense is None and not own.norm for own in configs)


@torch.no_grad()
def readings(
    composition: Composition, rows: Sequence[Row], languages: Sequence[str], pooling: Pooling
) -> list[ReadRow]:
    """Return what a head reads of rows, in their order.

    languages: the language of each example, to which a row's `example` points.
    """
    composition.train(False)
    device, pad = str(composition.encoder.device), composition.base.tokenizer.pad_token_id
    found: dict[int, ReadRow] = {}
    for batch in sequential_batches([len(row.ids) for row in rows], max_tokens=_BATCH_TOKENS):
        ids, mask = pad_rows([rows[number].ids for number in batch], pad, device)
        with computing_in(FLOAT32, device):
            tags = [languages[rows[number].example] for number in batch]
            pairs = padded_pairs([rows[number] for number in batch], pad, device)
            states = composition(ids, mask, tags, pairs=pairs)
            states = pool(states, mask, pooling)
        for place, number in enumerate(batch):
            row = rows[number]
            own = states[place][None] if pooling != "none" else states[place, list(row.at)]
            found[number] = ReadRow(replace(row, at=tuple(range(len(row.at)))), own.clone())
    return [found[number] for number in range(len(rows))]


def fit_head(objective: HeadObjective, module: Module, *, l2: float, reporter: Reporter) -> Outcome:
    """Minimise the loss on all rows, with an L2 penalty, in place. A step is one evaluation of the loss.

    l2: the weight of half the squared norm of the weights beside the sum of the losses, when the states are
    scaled to a mean squared length of one. So it is 1 / C of scikit-learn's logistic regression, on any base.

    Raises NotFinite when a loss is not finite.
    """
    passes, started, step = range(objective.passes_per_epoch()), time.perf_counter(), 0
    parameters = list(trainable(module).values())
    states = objective.states()
    squares, items = sum(float(own.square().sum()) for own in states), sum(map(len, states))
    weights = [value for value in parameters if value.dim() > 1]
    optimizer = torch.optim.LBFGS(
        parameters,
        max_iter=MOST_STEPS,
        max_eval=MOST_STEPS,
        history_size=_MEMORY,
        tolerance_grad=1e-5,
        line_search_fn="strong_wolfe",
    )

    def closure() -> float:
        nonlocal step
        optimizer.zero_grad()
        penalty = (
            l2 * squares / items / 2 / items * torch.stack([own.square().sum() for own in weights]).sum()
        )
        penalty.backward()
        total = penalty.item()
        for number in passes:
            loss, count = seeded_loss(objective, number, module.facts.seed)
            (loss * count / items).backward()
            total += loss.item() * count / items
        step += 1
        reporter.tick(Tick(step=step, steps=MOST_STEPS, loss=total, learning_rate=1.0, tokens=0, score=None))
        return total

    reporter.begin(0, MOST_STEPS)
    try:
        optimizer.step(closure)
    finally:
        reporter.end()
    seconds = time.perf_counter() - started
    score = objective.evaluate()
    return Outcome(steps=step, best_step=step, best_score=score, seconds=seconds, tokens=0)
