"""Cross-entropy of a frozen decoder, computed without the logits of all pieces in memory at once.

The decoder is not trained. So the gradient of the loss with respect to the states is the mean of the
decoder's rows, weighted by probability, minus the row of the target piece. One pass over blocks of pieces
keeps a running maximum, the sum of exponentials and that mean (the online softmax of Milakov and Gimelshein
2018).
For the 250,002 pieces of XLM-R this saves several passes over hundreds of megabytes.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

_BLOCK = 4096


def decoder_loss(
    states: Float[Tensor, "positions hidden"],
    decoder: Float[Tensor, "pieces hidden"],
    bias: Float[Tensor, " pieces"],
    wanted: Int[Tensor, " positions"],
) -> Float[Tensor, ""]:
    """Return the mean cross-entropy of the target pieces in nats; only `states` gets a gradient."""
    return _DecoderLoss.apply(states, decoder, bias, wanted)


class _DecoderLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, states: Tensor, decoder: Tensor, bias: Tensor, wanted: Tensor) -> Tensor:
        peak = torch.full((len(states),), -torch.inf, device=states.device)
        total, average = torch.zeros_like(peak), torch.zeros(states.shape, device=states.device)
        for start in range(0, len(decoder), _BLOCK):
            rows = decoder[start : start + _BLOCK]
            logits = torch.nn.functional.linear(states, rows, bias[start : start + _BLOCK]).float()
            raised = torch.maximum(peak, logits.amax(1))
            weights = logits.sub_(raised[:, None]).exp_()
            shrink = torch.exp(peak - raised)
            total = total * shrink + weights.sum(1)
            average = average * shrink[:, None] + (weights @ rows).float()
            peak = raised
        chosen = decoder[wanted]
        own = (states.float() * chosen).sum(1) + bias[wanted]
        ctx.save_for_backward((average / total[:, None] - chosen).to(states.dtype) / len(states))
        return (peak + total.log() - own).mean()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (saved,) = ctx.saved_tensors
        return gradients[0].to(saved.dtype) * saved, None, None, None
