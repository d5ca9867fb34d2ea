"""How far two sides are apart: sentences, words and pieces of a language from those of its translations.

Every function returns one number, which is zero or least where the two sides are the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity, cross_entropy, normalize

from xling.training.adversary import TokenStates

_TEMPERATURE = 0.05

Vectors = Float[Tensor, "rows hidden"]
Span = tuple[int, int]  # the first piece of a word in its row, and the one after its last


@runtime_checkable
class OfSentences(Protocol):
    """A distance of sentences' vectors from those of their translations, both [rows, hidden]."""

    def __call__(self, found: Vectors, wanted: Vectors) -> Float[Tensor, ""]: ...


def apart(found: Vectors, wanted: Vectors) -> Float[Tensor, ""]:
    """Return one minus the mean cosine of sentences and their translations."""
    return 1 - cosine_similarity(found, wanted).mean()


def contrast(found: Vectors, wanted: Vectors) -> Float[Tensor, ""]:
    """Return the cross-entropy of picking each sentence's translation among those of the batch."""
    return cross_entropy(_logits(found, wanted), torch.arange(len(found), device=found.device))


def soft_contrast(found: Vectors, wanted: Vectors) -> Float[Tensor, ""]:
    """Return the cross-entropy of the translations' likeness to each other and the sentences' to them.

    Where `contrast` pushes a sentence away from everything but its own translation, here it is to be as like
    each of the others as its translation is.
    """
    return cross_entropy(_logits(found, wanted), _logits(wanted, wanted).softmax(dim=-1))


def geometry(found: Vectors, wanted: Vectors) -> Float[Tensor, ""]:
    """Return the mean squared difference of the cosines between sentences and between their translations.

    Vectors whose cosines among each other are kept have the same spread (their mean distance to their mean).
    """
    one, other = (normalize(side, dim=-1) for side in (found, wanted))
    return (one @ one.T - other @ other.T).square().mean()


OF_SENTENCES: Mapping[str, OfSentences] = {
    "contrast": contrast,
    "soft_contrast": soft_contrast,
    "geometry": geometry,
}


def away(
    found: Float[Tensor, "layers places hidden"], wanted: Float[Tensor, "layers places hidden"]
) -> Float[Tensor, ""]:
    """Return the squared distance of states by the squared length of the wanted ones, as the layers' mean.

    It is zero where there is no place.
    """
    found, wanted = found.float(), wanted.float()
    lengths = wanted.square().sum((1, 2)).clamp_min(torch.finfo(torch.float32).tiny)
    return ((found - wanted).square().sum((1, 2)) / lengths).mean()


def span_means(
    states: Float[Tensor, "layers rows length hidden"], places: Sequence[tuple[int, Span]]
) -> Float[Tensor, "layers places hidden"]:
    """Return the mean state of the pieces of each place: the number of its row, and its span."""
    length = states.shape[2]
    pieces = [
        (number, row * length + at)
        for number, (row, (first, end)) in enumerate(places)
        for at in range(first, end)
    ]
    owners, ats = torch.tensor(pieces, device=states.device).T
    found = states.flatten(1, 2)[:, ats].float()
    sums = found.new_zeros(len(states), len(places), states.shape[3]).index_add(1, owners, found)
    return sums / owners.bincount(minlength=len(places))[:, None]


def token_distance(found: TokenStates, wanted: TokenStates) -> Float[Tensor, ""]:
    """Return one minus the mean cosine of tokens that are mutual nearest neighbours within a pair."""
    cosines = normalize(found.states, dim=-1) @ normalize(wanted.states, dim=-1).transpose(1, 2)
    possible = found.mask.bool()[:, :, None] & wanted.mask.bool()[:, None, :]
    cosines = cosines.masked_fill(~possible, -2.0)
    there, back = cosines.argmax(2), cosines.argmax(1)
    places = torch.arange(found.states.shape[1], device=found.states.device)
    mutual = (back.gather(1, there) == places) & found.mask.bool()
    return 1 - cosines.amax(2)[mutual].mean()


def _logits(found: Vectors, wanted: Vectors) -> Float[Tensor, "rows rows"]:
    return normalize(found, dim=-1) @ normalize(wanted, dim=-1).T / _TEMPERATURE
