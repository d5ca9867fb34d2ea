"""Putting modules on a structural copy of a base, by the contract of each site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jaxtyping import Float, Int
from torch import Tensor, nn

from xling.bases.copies import structural_copy
from xling.bases.opening import Base, run_encoder
from xling.bases.taps import rebind, tap_embeddings, tap_residual_sites
from xling.errors import MismatchError
from xling.modules.module import Module
from xling.sites import ActsOnEmbeddings, ActsOnResidual, ActsOnWeights, Place, ResidualState


class Composition:
    """A base under one or more stacks of modules; the base itself is never touched.

    `activate` switches between stacks without copying again. Calling it gives the last states.
    """

    def __init__(self, base: Base, modules: Sequence[Module] = ()) -> None:
        self.base = base
        self.encoder = structural_copy(base.encoder)
        self._rebound: set[str] = set()
        tap_residual_sites(self.encoder, base.family, self._increment)
        tap_embeddings(self.encoder, base.family, self._embed)
        self.activate(modules)

    def activate(self, modules: Sequence[Module]) -> None:
        """Let these modules act, the first one lowest; MismatchError for one made for another base."""
        for module in modules:
            check_fits(module, self.base)
        self.modules = tuple(modules)
        networks = [network.to(self.encoder.device) for module in modules for network in module.networks]
        self._embedders = [network for network in networks if isinstance(network, ActsOnEmbeddings)]
        self._residual: dict[tuple[int, Place], list[ActsOnResidual]] = {}
        for network in networks:
            if isinstance(network, ActsOnResidual):
                for site in network.residual_sites():
                    self._residual.setdefault(site, []).append(network)
        self._bind([network for network in networks if isinstance(network, ActsOnWeights)])

    def __call__(
        self, ids: Int[Tensor, "rows length"], mask: Int[Tensor, "rows length"]
    ) -> Float[Tensor, "rows length hidden"]:
        """Last states of right-padded rows."""
        return run_encoder(self.encoder, self.base.family, ids, mask)

    def undo(self, states: Float[Tensor, "positions hidden"]) -> Float[Tensor, "positions hidden"]:
        """The inverse of what acts on the embeddings, for the site before the MLM decoder."""
        for embedder in reversed(self._embedders):
            states = embedder.unembed(states)
        return states

    def train(self, training: bool = True) -> None:
        """Dropout in the encoder and the modules, on or off."""
        self.encoder.train(training)
        for module in self.modules:
            for network in module.networks:
                network.train(training)

    def _embed(self, states: Tensor) -> Tensor:
        for embedder in self._embedders:
            states = embedder.embed(states)
        return states

    def _increment(self, layer: int, place: Place, state: ResidualState) -> Tensor | None:
        for network in self._residual.get((layer, place), ()):
            state = replace(state, increment=network.increment(layer, place, state))
        return state.increment

    def _bind(self, networks: Sequence[ActsOnWeights]) -> None:
        values: dict[str, Tensor] = {}
        parameters = self.base.shape.parameters
        for network in networks:
            for name in network.weight_names():
                original = parameters[name]
                values[name] = network.weight(name, original, values.get(name, original))
        for name in self._rebound - values.keys():
            rebind(self.encoder, name, parameters[name])
        for name, value in values.items():
            rebind(self.encoder, name, value if isinstance(value, nn.Parameter) else value.detach())
        self._rebound = set(values)


def check_fits(module: Module, base: Base) -> None:
    """MismatchError when a module was made for another encoder or tokenizer."""
    facts = module.facts
    for what, own, theirs in (
        ("base", facts.base_fingerprint, base.fingerprint),
        ("tokenizer", facts.tokenizer_fingerprint, base.tokenizer_fingerprint),
    ):
        if own != theirs:
            title = facts.language or facts.task or "module"
            raise MismatchError(
                f"the module {title} was made for {what} {facts.base} ({own[:19]}), "
                f"not {base.id} ({theirs[:19]})",
                where="--plan",
                hint="open the base it names, or train it again on this one",
            )
