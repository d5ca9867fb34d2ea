"""How alike a frozen base finds the sentences of two texts."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity, normalize

from xling.bases.opening import Base
from xling.composition.attach import Composition
from xling.data.examples import sample
from xling.training.alignment import sentence_vectors

MOST_SENTENCES = 200


def drawn_vectors(base: Base, lines: Sequence[str], *, seed: int) -> Float[Tensor, "sentences hidden"]:
    """The mean states of lines, of 200 drawn by the seed where there are more; long ones are cut."""
    chosen = sample(lines, MOST_SENTENCES, seed)
    rows = base.tokenizer(chosen, truncation=True, max_length=base.max_length)["input_ids"]
    return sentence_vectors(Composition(base), rows)


def centroid_cosine(
    target: Float[Tensor, "sentences hidden"], other: Float[Tensor, "others hidden"]
) -> float:
    """The cosine of the two mean vectors."""
    return float(cosine_similarity(target.mean(0), other.mean(0), dim=0))


def nearest_cosine(target: Float[Tensor, "sentences hidden"], other: Float[Tensor, "others hidden"]) -> float:
    """The mean over the target's sentences of the cosine to the other's nearest sentence."""
    cosines = normalize(target, dim=-1) @ normalize(other, dim=-1).T
    return float(cosines.amax(1).mean())
