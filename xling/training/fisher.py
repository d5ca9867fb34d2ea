"""Which layers matter to a task: the trace of each layer's Fisher information.

Source: Lodha et al. 2023 (On Surgical Fine-Tuning for Language Encoders, equation 1). Labels are drawn from
the model itself, so none has to be known: tr F = E_x E_y ||d log p(y | x)||^2, over a layer's parameters.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn

from xling.bases.base import Base, run_encoder
from xling.bases.batches import pad_rows
from xling.data.examples import Example, sample
from xling.errors import InputError
from xling.tasks.task import ScoresUnits, Task

EXAMPLES = 64  # in the paper a hundred or fewer are enough


def chosen_layers(text: str, layers: int) -> int:
    """Return how many layers `fim:4` asks for. Raises InputError for another text or number."""
    way, _, count = text.partition(":")
    if way != "fim" or not count.isascii() or not count.isdigit() or not 0 < int(count) <= layers:
        raise InputError(
            f"{text!r} is no choice of layers",
            where="--layers",
            hint=f"write fim:N with N from 1 to {layers}",
        )
    return int(count)


def information(
    base: Base, task: Task, head: nn.Module, examples: Sequence[Example], labels: Sequence[str], *, seed: int
) -> list[float]:
    """Return the trace of the Fisher information of each layer of a base, the lowest layer first.

    head: the task's head on the last states. examples: of which some are drawn; their labels are not read.

    Raises InputError for a task that scores no labels of words or texts.
    """
    if not isinstance(task, ScoresUnits):
        raise InputError(f"{task.name} scores no labels to draw", where="--layers", hint="leave it out")
    drawn = sample(list(examples), EXAMPLES, seed)
    rows = task.rows(drawn, base.tokenizer, labels, base.max_length)
    device, generator = base.encoder.device, Generator().manual_seed(seed)
    path = base.family.layers
    head.eval()
    own = {
        name: value.detach().clone().requires_grad_()
        for name, value in base.shape.parameters.items()
        if name.startswith(f"{path}.")
    }
    totals = torch.zeros(base.shape.layers, dtype=torch.float64)
    for row in rows:
        ids, mask = pad_rows([row.ids], base.tokenizer.pad_token_id, str(device))
        with torch.enable_grad():
            states = run_encoder(base.encoder, base.family, ids, mask, own)
            (units,) = task.pick(head(states, mask).float(), [row])
            said = _log_of_drawn(task.link.logs(units, labels), generator)
            slopes = torch.autograd.grad(said, list(own.values()), materialize_grads=True)
        for name, slope in zip(own, slopes, strict=True):
            layer = int(name.removeprefix(f"{path}.").partition(".")[0])
            totals[layer] += float(slope.square().sum()) / len(rows)
    return totals.tolist()


def _log_of_drawn(logs: Tensor, generator: Generator) -> Tensor:
    """Return the log-probability of one label drawn for each unit. logs: [units, labels]."""
    if not len(logs):  # a row without a word
        return logs.sum()
    drawn = torch.multinomial(logs.detach().exp().cpu(), 1, generator=generator)
    return logs.gather(1, drawn.to(logs.device)).sum()
