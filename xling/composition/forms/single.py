"""Plans of one module or none: `lang/swh`, `task/ner@REVISION`, `none`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

import torch
from torch import Tensor, nn

from xling.composition.folding import Folding
from xling.composition.forms.form import HeadState, Node, Plan
from xling.errors import PlanError
from xling.modules.module import Module
from xling.modules.registry import KINDS
from xling.pairs import ReadsPairs
from xling.sites import (
    ActsOnEmbeddings,
    ActsOnLinear,
    ActsOnPooled,
    ActsOnResidual,
    ActsOnText,
    ActsOnWeights,
    Combines,
    Hidden,
    LinearState,
    Place,
    ReadsLanguage,
    ReadsPieces,
    ResidualState,
    Rows,
)


class Leaf(Plan):
    """A plan with no other inside it."""

    plans = ()

    def over(self, plans: Sequence[Plan]) -> Plan:
        return self


@dataclass(frozen=True)
class Empty(Leaf, Node):
    """The empty plan, `none`, which changes nothing."""

    def __str__(self) -> str:
        return "none"


@dataclass(frozen=True)
class Named(Leaf):
    """The name of a module in the store.

    revision: the revision or content fingerprint that it must have; None accepts any.
    """

    name: str
    revision: str | None = None

    def __str__(self) -> str:
        return self.name if self.revision is None else f"{self.name}@{self.revision}"


NEW = Named("new")  # stands in a plan for the module that is trained


@dataclass(frozen=True)
class Every(Leaf):
    """All modules of a store that lie in a folder: `lang/*`. The names of a store put them in its place."""

    folder: str

    def __str__(self) -> str:
        return f"{self.folder}/*"

    def among(self, names: Iterable[str]) -> list[str]:
        """Return those of the names that lie in the folder."""
        return [name for name in names if name.rpartition("/")[0] == self.folder]

    def grown(self) -> Plan:
        raise PlanError(
            f"{self} stands for the modules of a store, and none says which they are",
            where="--plan",
            hint="give a store, or name the modules",
        )


@dataclass(frozen=True, eq=False)
class Loaded(Leaf, Node):
    """A plan that is one loaded module. name: its name in the plan's text, if it has one."""

    module: Module
    name: str | None = None

    def __str__(self) -> str:
        return self.name or self.module.facts.task or self.module.facts.language or "a module"

    def active(self, language: str) -> Iterator[Loaded]:
        yield self

    @cached_property
    def residual(self) -> dict[tuple[int, Place], list[ActsOnResidual]]:
        """The parts that act on residuals, by (layer, place)."""
        found: dict[tuple[int, Place], list[ActsOnResidual]] = {}
        for network in self.module.networks:
            if isinstance(network, ActsOnResidual):
                for site in network.residual_sites():
                    found.setdefault(site, []).append(network)
        return found

    @cached_property
    def adders(self) -> dict[str, list[ActsOnLinear]]:
        """The parts that add to the outputs of linear sites, by the site's key."""
        found: dict[str, list[ActsOnLinear]] = {}
        for network in self.module.networks:
            if isinstance(network, ActsOnLinear):
                for place in network.linear_sites():
                    found.setdefault(place, []).append(network)
        return found

    @property
    def places(self) -> Collection[str]:
        return self.adders

    @cached_property
    def embedders(self) -> list[ActsOnEmbeddings]:
        """The parts that act on the embeddings."""
        return [network for network in self.module.networks if isinstance(network, ActsOnEmbeddings)]

    @cached_property
    def weighers(self) -> list[ActsOnWeights]:
        """The parts that change the encoder's weights."""
        return [network for network in self.module.networks if isinstance(network, ActsOnWeights)]

    @cached_property
    def rewriters(self) -> list[ActsOnText]:
        """The parts that rewrite the input text."""
        return [network for network in self.module.networks if isinstance(network, ActsOnText)]

    @cached_property
    def poolers(self) -> list[ActsOnPooled]:
        """The parts that map pooled states."""
        return [network for network in self.module.networks if isinstance(network, ActsOnPooled)]

    @cached_property
    def combiner(self) -> Combines | None:
        """The part that combines plans; None without one."""
        return next((part for part in self.module.networks if isinstance(part, Combines)), None)

    @cached_property
    def vocabulary(self) -> ReadsPieces | None:
        """The part that brings its own vocabulary; None without one."""
        return next((part for part in self.module.networks if isinstance(part, ReadsPieces)), None)

    @cached_property
    def head(self) -> nn.Module | None:
        """The task head; None without one."""
        parts = self.module.parts
        return next((part.network for part in parts if KINDS[part.config.kind].head), None)

    @cached_property
    def pairing(self) -> list[ReadsPairs]:
        """The parts that read the paired text of rows."""
        return [network for network in self.module.networks if isinstance(network, ReadsPairs)]

    @property
    def learning(self) -> bool:
        """Whether any parameter of the module is being trained."""
        return any(value.requires_grad for part in self.module.networks for value in part.parameters())

    @property
    def reads_language(self) -> bool:
        """Whether what it does depends on the rows' language."""
        return any(isinstance(part, ReadsLanguage) and part.reads_language for part in self.module.networks)

    def rewritten(self, units: Sequence[str], language: str) -> Sequence[str]:
        return reduce(lambda found, part: part.rewritten(found, language), self.rewriters, units)

    def increment(self, layer: int, place: Place, state: ResidualState) -> Hidden | None:
        for part in self.residual.get((layer, place), ()):
            below, own = state.increment, part.own(layer, place, state)
            state = state.under(own if below is None or part.replaces else below + own)
        return state.increment

    def linear_increment(self, place: str, state: LinearState) -> Tensor | None:
        found = [part.added(place, state) for part in self.adders.get(place, ())]
        return reduce(torch.add, found) if found else None

    def embed(self, states: Hidden, rows: Rows) -> Hidden:
        return reduce(lambda value, part: part.embed(value, rows), self.embedders, states)

    def unembed(self, states: Hidden, rows: Rows) -> Hidden:
        return reduce(lambda value, part: part.unembed(value, rows), reversed(self.embedders), states)

    def weight(self, below: Tensor, folding: Folding) -> Tensor:
        name, shape, language = folding.name, folding.shape, folding.language
        return reduce(lambda value, part: part.weight(name, value, shape, language), self.weighers, below)

    def pooled(self, states: Hidden, rows: Rows) -> Hidden:
        return reduce(lambda value, part: part.pooled(value, rows), self.poolers, states)

    def scores(self, state: HeadState) -> Tensor | None:
        if self.head is None:
            return None
        above = state.above(self.pooled) if self.poolers else state
        return self.head(state.states, state.rows.mask, above.pooled if above.maps else None)


def check_names(plans: Sequence[Plan], word: str, why: str) -> None:
    """Raise PlanError when one of the arguments of a form is no name of a module.

    word: the form. why: what it does, which needs modules.
    """
    for plan in plans:
        if not isinstance(plan, Named | Loaded):
            raise PlanError(
                f"{word} takes names of modules, not {str(plan)!r}: {why}",
                where="--plan",
                hint="mean(...) averages what plans of any form add",
            )
