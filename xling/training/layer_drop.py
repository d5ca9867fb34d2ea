"""Training with layers left out at random, so that `drop(task/x; 0, 1, 2)` loses little afterwards.

Source: Rücklé et al. 2021 (AdapterDrop, section 3, "robust" training): in every batch the adapters of the
first n layers are left out, with n drawn evenly from 0 to a most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from torch import Tensor, nn

from xling.composition.composed import Composition
from xling.composition.forms.form import Plan
from xling.errors import InputError
from xling.modules.module import Module
from xling.sites import ActsOnResidual, ActsOnWeights
from xling.training.loop import Accompanied, Objective
from xling.training.specs import TrainingSettings

_STREAM = 1  # of draws, beside those of masking
_WHERE = "training.drop_layers"


@runtime_checkable
class Composed(Objective, Protocol):
    """An objective of one composition."""

    composition: Composition


class LayerDrop:
    """An objective whose forward passes use one of several plans; it is evaluated with the first.

    plans: the plan as it is, then with the lowest layer left out, with the two lowest, and so on.
    """

    def __init__(
        self, inner: Composed, plans: Sequence[Plan], settings: TrainingSettings, *, seed: int
    ) -> None:
        self.inner, self.plans, self.settings, self.seed = inner, plans, settings, seed
        self.higher_is_better = inner.higher_is_better

    @property
    def companions(self) -> Mapping[str, nn.Parameter]:
        """The parameters that the inner objective has beside the module's."""
        return self.inner.companions if isinstance(self.inner, Accompanied) else {}

    def passes_per_epoch(self) -> int:
        return self.inner.passes_per_epoch()

    def loss(self, number: int) -> tuple[Tensor, int]:
        """Return the inner loss of pass `number` with as many layers left out as are drawn for it."""
        self._use(layers_left_out(number, len(self.plans) - 1, seed=self.seed))
        return self.inner.loss(number)

    def evaluate(self) -> float | None:
        """Return the inner score with all layers."""
        self._use(0)
        return self.inner.evaluate()

    def _use(self, count: int) -> None:
        self.inner.composition.activate(self.plans[count])
        self.inner.composition.train(noise=self.settings.noise)


def layers_left_out(number: int, most: int, *, seed: int) -> int:
    """Return how many of the lowest layers forward pass `number` leaves out: 0 to `most`, each as often."""
    return int(np.random.default_rng([seed, number, _STREAM]).integers(most + 1))


def check_layer_drop(module: Module, most: int) -> None:
    """Raise InputError when a module cannot be trained with up to `most` of the lowest layers left out."""
    if not most:
        return
    kinds = " + ".join(part.config.kind for part in module.parts)
    layers = [
        layer
        for network in module.networks
        if isinstance(network, ActsOnResidual)
        for layer, _ in network.residual_sites()
    ]
    if not layers or any(isinstance(network, ActsOnWeights) for network in module.networks):
        raise InputError(
            f"{kinds} cannot leave out layers: only what is added to the states of layers can be left out",
            where=_WHERE,
            hint="take a bottleneck, houlsby, parallel or madx, or give 0",
        )
    if most > max(layers):
        raise InputError(
            f"{most} would at times leave nothing of {kinds}, whose highest layer is {max(layers)}",
            where=_WHERE,
            hint=f"give at most {max(layers)}",
        )
