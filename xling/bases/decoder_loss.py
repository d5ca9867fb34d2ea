"""Cross-entropy under a frozen decoder, without ever holding the logits of all pieces at once.

The decoder does not learn, so the loss's gradient by the states is the decoder's rows averaged by
probability, less the wanted row. One walk over blocks of pieces keeps a running maximum, the sum of
exponentials and that average (the online softmax of Milakov and Gimelshein 2018): for XLM-R's 250,002
pieces this spares several passes over hundreds of megabytes.
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
    """Mean cross-entropy in nats of the wanted pieces; only `states` gets a gradient."""
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
