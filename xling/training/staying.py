"""How far the states under a plan have moved from the base's, layer by layer."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from xling.composition.composed import Composition
from xling.errors import InputError
from xling.languages import UNKNOWN
from xling.training.likeness import away


class Stay:
    """A loss that keeps states near those of the unchanged base, at the pieces that are not to change.

    The base reads the same pieces, so where a module does nothing the loss is zero. It is a distillation of
    the base into the base with modules, in every layer: the squared distance, relative to the squared length
    of the base's states.

    Raises InputError when a module brings its own vocabulary, whose pieces the base cannot read.
    """

    def __init__(self, composition: Composition, language: str = UNKNOWN) -> None:
        check_can_stay(composition, language)
        self.base = Composition(composition.base)

    def loss(
        self,
        states: Float[Tensor, "layers_and_one rows length hidden"],
        ids: Tensor,
        mask: Tensor,
        kept: Tensor,
    ) -> Float[Tensor, ""]:
        """Return the mean over the layers of the relative squared distance at the positions that are kept.

        states: those under the plan, after the embeddings and after every layer. ids, mask: what was read,
        [rows, length]. kept: True at the positions that count, [rows, length].
        """
        with torch.no_grad():
            wanted = self.base.layers(ids, mask)
        return moved(states[1:], wanted[1:], kept.bool())


def check_can_stay(composition: Composition, language: str = UNKNOWN) -> None:
    """Raise InputError when a module brings its own vocabulary, whose pieces the base cannot read."""
    if composition.vocabulary(language) is not None:
        raise InputError(
            "the base cannot read the pieces of a vocabulary of the module's own: it has no states there",
            where="stay",
            hint="leave it at 0, or train without the vocabulary",
        )


def moved(
    states: Float[Tensor, "layers rows length hidden"],
    wanted: Float[Tensor, "layers rows length hidden"],
    kept: Bool[Tensor, "rows length"],
) -> Float[Tensor, ""]:
    """Return the squared distance of states at some positions by the squared length of the wanted ones.

    It is taken for each layer, and the mean over the layers is returned; zero when no position is kept.
    """
    return away(states[:, kept], wanted[:, kept])
