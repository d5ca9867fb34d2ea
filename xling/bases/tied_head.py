"""An MLM head for bases without one: a dense layer and a norm, with the input embeddings as decoder.

It is fitted once, with the encoder frozen: first a ridge regression from the states at masked positions to
the centred embeddings of the masked pieces, then some cheap steps on the cached states, which train the
regression, a scale, and a bias for each piece. The biases start from how often the pieces occur.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from xling.bases.base import Base, run_encoder
from xling.bases.batches import pad_rows
from xling.bases.mlm_head import Candidates, MLMHead
from xling.bases.precision import FLOAT32, computing_in
from xling.errors import XlingError

_RIDGE, _SCALE, _SMOOTHING = 100.0, 0.7, 20_000.0
_RATE, _BATCH = 1e-3, 512


class TiedTransform(nn.Module):
    """A dense layer, then a norm whose weight is the scale of the logits."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.dense = nn.Linear(hidden, hidden)
        self.norm = nn.LayerNorm(hidden)

    def forward(self, states: Tensor) -> Tensor:
        return self.norm(self.dense(states))


def fit_tied_head(
    base: Base,
    rows: Sequence[Sequence[int]],
    *,
    seed: int = 0,
    tokens: int = 100_000,
    steps: int = 150,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> MLMHead:
    """Fit an MLM head for a base that has none.

    Raises XlingError when the fitted values are not finite.

    Args:
        base: The base, which stays frozen.
        rows: Rows of piece ids, such as the CLDR strings of all locales.
        seed: The seed of the choice of rows, of masking and of the batches.
        tokens: About how many pieces to read; the rows are drawn at random.
        steps: The number of training steps after the regression.
        progress: Called with the number of rows read so far and of all rows to read.
    """
    generator = torch.Generator().manual_seed(seed)
    embeddings = base.embeddings.detach()
    centre = embeddings.mean(0)
    transform = TiedTransform(embeddings.shape[1])
    prior = _log_prior(torch.as_tensor([piece for row in rows for piece in row]), embeddings.shape[0])
    with computing_in(FLOAT32, str(base.encoder.device)):
        states, pieces = _masked_states(base, rows, tokens, generator, progress)
        _ridge(transform.dense, states, embeddings[pieces] - centre)
        data = states, pieces
        bias = _refine(transform, data, embeddings - centre, prior, steps=steps, generator=generator)
    if not torch.isfinite(bias).all():
        raise XlingError("the fitted head has values that are not finite; the base's states may be broken")
    # the decoder is the table without centring: the centre adds the same amount to the logits of all pieces,
    # which does not change the softmax
    return MLMHead(transform.eval(), embeddings, bias)


@torch.no_grad()
def _masked_states(
    base: Base,
    rows: Sequence[Sequence[int]],
    tokens: int,
    generator: torch.Generator,
    progress: Callable[[int, int], None],
) -> tuple[Float[Tensor, "positions hidden"], Int[Tensor, " positions"]]:
    """Return the states at masked positions, and the ids of the pieces that were masked there."""
    order = torch.randperm(len(rows), generator=generator).tolist()
    chosen, count = [], 0
    while order and count < tokens:
        chosen.append(rows[order.pop()])
        count += len(chosen[-1])
    chosen.sort(key=len)
    found, wanted, done = [], [], 0
    while done < len(chosen):
        batch = chosen[done : done + max(1, 2048 // len(chosen[done]))]
        done += len(batch)
        ids, mask = pad_rows(batch, base.tokenizer.pad_token_id)
        inner = mask.bool() & (ids != base.tokenizer.cls_token_id) & (ids != base.tokenizer.sep_token_id)
        targets = inner & (torch.rand(ids.shape, generator=generator) < 0.15)
        masked = torch.where(targets, base.tokenizer.mask_token_id, ids)
        found.append(run_encoder(base.encoder, base.family, masked, mask)[targets])
        wanted.append(ids[targets])
        progress(done, len(chosen))
    return torch.cat(found), torch.cat(wanted)


def _ridge(dense: nn.Linear, inputs: Tensor, targets: Tensor) -> None:
    mean = inputs.mean(0)
    centred = (inputs - mean).double()
    gram = centred.T @ centred + _RIDGE * torch.eye(centred.shape[1], dtype=torch.float64)
    weight = torch.linalg.solve(gram, centred.T @ targets.double()).T.float()
    with torch.no_grad():
        dense.weight.copy_(weight)
        dense.bias.copy_(targets.mean(0) - weight @ mean)


def _refine(
    transform: TiedTransform,
    data: tuple[Tensor, Tensor],
    embeddings: Tensor,
    prior: Float[Tensor, " pieces"],
    *,
    steps: int,
    generator: torch.Generator,
) -> Float[Tensor, " pieces"]:
    """Train the regression, the scale and the biases on cached states, and return a bias for every piece.

    Pieces that were never masked share one shift; in the softmax a sample represents all of them.
    """
    states, pieces = data
    seen = torch.unique(pieces)
    scores = Candidates(len(embeddings), seen, others=max(1, len(seen) // 4), generator=generator)
    sample = scores.columns[len(seen) :]
    stands_for = torch.log(torch.tensor(max(1, len(embeddings) - len(seen)) / max(1, len(sample))))
    bias, shift = nn.Parameter(prior[seen].clone()), nn.Parameter(torch.zeros(1))
    scored = embeddings[scores.columns]
    with torch.no_grad():
        transform.norm.weight.fill_(_SCALE / (transform(states[:_BATCH]) @ scored.T).std())
    groups = [(list(transform.parameters()), _RATE), ([bias, shift], 10 * _RATE)]
    optimizer = torch.optim.AdamW(
        [{"params": values, "lr": rate} for values, rate in groups], weight_decay=0.0
    )
    decay = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    for _ in range(steps):
        rows = torch.randint(len(states), (_BATCH,), generator=generator)
        logits = transform(states[rows]) @ scored.T + torch.cat([bias, prior[sample] + shift + stands_for])
        torch.nn.functional.cross_entropy(logits, scores.index[pieces[rows]]).backward()
        optimizer.step()
        optimizer.zero_grad()
        decay.step()
    fitted = (prior + shift).detach()
    fitted[seen] = bias.detach()
    return fitted


def _log_prior(pieces: Tensor, count: int) -> Float[Tensor, " pieces"]:
    """Return log frequencies, smoothed by Zipf's law on the ids: vocabularies list frequent pieces first."""
    zipf = 1 / (torch.arange(count) + 10.0)
    weights = zipf / zipf.sum() * _SMOOTHING + torch.bincount(pieces, minlength=count)
    return torch.log(weights / weights.sum())
