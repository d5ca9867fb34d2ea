"""TADA's adversary: a critic tells sentences of a language from their translations, and a module fools it.

Source: Held et al. 2023, section 3, and the code that its authors published (Helw150/tada): the critic is one
transformer layer over the encoder's last states, and a perceptron that scores its first position. It learns
to score the source's sentences above those of the language; the module learns, by the reversed gradient
(Ganin et al. 2016), to raise the score of its own. Both are updated in every step.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

_PER_HEAD = 64  # states per attention head: 12 heads at a width of 768


@dataclass(frozen=True)
class TokenStates:
    """The encoder states of a batch of rows, with a mask that is 1 at real pieces and 0 at padding."""

    states: Float[Tensor, "rows length hidden"]
    mask: Int[Tensor, "rows length"]


class Critic(nn.Module):
    """Scores rows of states: the higher the score, the more a row looks like one of the source language.

    hidden: the width of the states. seed: the seed of the initial values.
    """

    def __init__(self, hidden: int, *, seed: int) -> None:
        super().__init__()
        heads = max(1, hidden // _PER_HEAD)
        while hidden % heads:
            heads -= 1
        with torch.random.fork_rng(devices=()):  # torch's own layers start from the global generator
            torch.manual_seed(seed)
            self.layer = nn.TransformerEncoderLayer(hidden, heads, batch_first=True)
            self.score = nn.Sequential(nn.Linear(hidden, hidden // 2), nn.ReLU(), nn.Linear(hidden // 2, 1))

    def forward(self, rows: TokenStates) -> Float[Tensor, " rows"]:
        """Return the score of each row."""
        read = self.layer(rows.states, src_key_padding_mask=~rows.mask.bool())
        return self.score(read[:, 0]).squeeze(1)


def adversarial_loss(critic: Critic, own: TokenStates, source: TokenStates, weight: float) -> Tensor:
    """Return a loss by which a critic learns to tell rows apart, and what made `own` to have them confused.

    The value is the mean score of the language's rows minus that of the source's. Its gradient reaches `own`
    reversed and times `weight`: so one loss and one optimizer serve both sides in every step, as the loop has
    them, and the critic learns alike at any weight.
    """
    states = own.states.clone()
    states.register_hook(lambda gradient: -weight * gradient)
    return critic(TokenStates(states, own.mask)).mean() - critic(source).mean()
