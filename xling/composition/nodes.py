"""A plan with its modules in place: what each form of plan does at each site.

Every node answers the same five questions (increment, embed, unembed, weight, scores), so residuals
and norms are applied once, whatever the nesting. `languages` names the language of each row; only a
route reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from xling.errors import InputError, PlanError
from xling.languages import UNKNOWN
from xling.modules.module import Module
from xling.modules.registry import KINDS
from xling.sites import (
    ActsOnEmbeddings,
    ActsOnResidual,
    ActsOnWeights,
    EncoderShape,
    Place,
    ReadsPieces,
    ResidualState,
)

Languages = Sequence[str]


@runtime_checkable
class Node(Protocol):
    """What a plan does, site by site. None, or the value unchanged, where it does nothing."""

    def active(self, language: str) -> Iterator[Leaf]:
        """The modules that act on rows of a language; InputError where a route has no branch for it."""
        ...

    def increment(
        self, layer: int, place: Place, state: ResidualState, languages: Languages
    ) -> Tensor | None:
        """The total increment at a residual site, on top of `state.increment`."""
        ...

    def embed(self, states: Tensor, languages: Languages) -> Tensor:
        """The embedding block's output, mapped."""
        ...

    def unembed(self, states: Tensor, languages: Languages) -> Tensor:
        """The inverse of `embed`."""
        ...

    def weight(self, name: str, below: Tensor, shape: EncoderShape, language: str) -> Tensor:
        """The value of an encoder parameter for rows of a language; `below` itself where it is kept."""
        ...

    def scores(self, states: Tensor, mask: Tensor, languages: Languages) -> Tensor | None:
        """The head's scores of labels, if there is a head."""
        ...


@dataclass(frozen=True, eq=False)
class Leaf:
    """One module."""

    module: Module

    def active(self, language: str) -> Iterator[Leaf]:
        yield self

    @cached_property
    def residual(self) -> dict[tuple[int, Place], list[ActsOnResidual]]:
        """The parts at each residual site."""
        found: dict[tuple[int, Place], list[ActsOnResidual]] = {}
        for network in self.module.networks:
            if isinstance(network, ActsOnResidual):
                for site in network.residual_sites():
                    found.setdefault(site, []).append(network)
        return found

    @cached_property
    def embedders(self) -> list[ActsOnEmbeddings]:
        """The parts that act on the embeddings."""
        return [network for network in self.module.networks if isinstance(network, ActsOnEmbeddings)]

    @cached_property
    def weighers(self) -> list[ActsOnWeights]:
        """The parts that act on weights."""
        return [network for network in self.module.networks if isinstance(network, ActsOnWeights)]

    @cached_property
    def vocabulary(self) -> ReadsPieces | None:
        """The vocabulary that the module brings, if any."""
        return next((part for part in self.module.networks if isinstance(part, ReadsPieces)), None)

    @cached_property
    def kept_weights(self) -> dict[str, tuple[Tensor, Tensor]]:
        """What a frozen module made of which tensor, so that one learning above it finds the same below."""
        return {}

    @property
    def learning(self) -> bool:
        """Whether any of its parameters is under training."""
        return any(value.requires_grad for part in self.module.networks for value in part.parameters())

    @cached_property
    def head(self) -> nn.Module | None:
        """The head, if the module has one."""
        parts = self.module.parts
        return next((part.network for part in parts if KINDS[part.config.kind].head), None)

    def increment(
        self, layer: int, place: Place, state: ResidualState, languages: Languages
    ) -> Tensor | None:
        for network in self.residual.get((layer, place), ()):
            state = state.under(network.increment(layer, place, state))
        return state.increment

    def embed(self, states: Tensor, languages: Languages) -> Tensor:
        return reduce(lambda value, part: part.embed(value), self.embedders, states)

    def unembed(self, states: Tensor, languages: Languages) -> Tensor:
        return reduce(lambda value, part: part.unembed(value), reversed(self.embedders), states)

    def weight(self, name: str, below: Tensor, shape: EncoderShape, language: str) -> Tensor:
        kept = self.kept_weights.get(name)
        if kept is not None and kept[0] is below:
            return kept[1]
        value = reduce(lambda value, part: part.weight(name, value, shape), self.weighers, below)
        if not self.learning:
            self.kept_weights[name] = (below, value)
        return value

    def scores(self, states: Tensor, mask: Tensor, languages: Languages) -> Tensor | None:
        return None if self.head is None else self.head(states, mask)


@dataclass(frozen=True, eq=False)
class Fold:
    """Nodes one on top of the other, the lowest first; the topmost head gives the scores."""

    nodes: tuple[Node, ...]

    def active(self, language: str) -> Iterator[Leaf]:
        return (leaf for node in self.nodes for leaf in node.active(language))

    def increment(
        self, layer: int, place: Place, state: ResidualState, languages: Languages
    ) -> Tensor | None:
        for node in self.nodes:
            state = state.under(node.increment(layer, place, state, languages))
        return state.increment

    def embed(self, states: Tensor, languages: Languages) -> Tensor:
        return reduce(lambda value, node: node.embed(value, languages), self.nodes, states)

    def unembed(self, states: Tensor, languages: Languages) -> Tensor:
        return reduce(lambda value, node: node.unembed(value, languages), reversed(self.nodes), states)

    def weight(self, name: str, below: Tensor, shape: EncoderShape, language: str) -> Tensor:
        return reduce(lambda value, node: node.weight(name, value, shape, language), self.nodes, below)

    def scores(self, states: Tensor, mask: Tensor, languages: Languages) -> Tensor | None:
        found = (node.scores(states, mask, languages) for node in reversed(self.nodes))
        return next((scores for scores in found if scores is not None), None)


@dataclass(frozen=True, eq=False)
class Blend:
    """The weighted mean of what nodes add; weights sum to one."""

    nodes: tuple[Node, ...]
    weights: tuple[float, ...]

    def active(self, language: str) -> Iterator[Leaf]:
        return (leaf for node in self.nodes for leaf in node.active(language))

    def increment(
        self, layer: int, place: Place, state: ResidualState, languages: Languages
    ) -> Tensor | None:
        found = [node.increment(layer, place, state, languages) for node in self.nodes]
        pairs = [(share, own) for share, own in zip(self.weights, found, strict=True) if own is not None]
        return sum((share * own for share, own in pairs[1:]), pairs[0][0] * pairs[0][1]) if pairs else None

    def embed(self, states: Tensor, languages: Languages) -> Tensor:
        return self._mean(states, [node.embed(states, languages) for node in self.nodes])

    def unembed(self, states: Tensor, languages: Languages) -> Tensor:
        if any(leaf.embedders for language in set(languages) or {UNKNOWN} for leaf in self.active(language)):
            raise PlanError(
                "a mean of invertible blocks has no inverse, so no pieces can be predicted under it",
                where="--plan",
                hint="predict a task with it, or take one of its modules",
            )
        return states

    def weight(self, name: str, below: Tensor, shape: EncoderShape, language: str) -> Tensor:
        return self._mean(below, [node.weight(name, below, shape, language) for node in self.nodes])

    def scores(self, states: Tensor, mask: Tensor, languages: Languages) -> Tensor | None:
        found = [node.scores(states, mask, languages) for node in self.nodes]
        kept = [scores for scores in found if scores is not None]
        return self._mean(None, kept) if kept else None

    def _mean(self, unchanged: Tensor | None, values: Sequence[Tensor]) -> Tensor:
        if all(value is unchanged for value in values):
            return values[0]
        first, *rest = (share * value for share, value in zip(self.weights, values, strict=True))
        return sum(rest, first)


@dataclass(frozen=True, eq=False)
class Fork:
    """Each row goes through the node of its language, others through `other`."""

    nodes: dict[str, Node]
    other: Node | None

    def active(self, language: str) -> Iterator[Leaf]:
        return self._node(language).active(language)

    def _node(self, language: str) -> Node:
        node = self.nodes.get(language, self.other)
        if node is not None:
            return node
        unnamed = "a row without a language" if language == UNKNOWN else f"a row of the language {language}"
        raise InputError(
            f"the plan routes by language and has no branch for {unnamed}",
            where="--plan",
            choices=self.nodes,
            hint="give rows one of these languages (--language), or add *: none",
        )

    def increment(
        self, layer: int, place: Place, state: ResidualState, languages: Languages
    ) -> Tensor | None:
        found = [
            (rows, node.increment(layer, place, state.of_rows(rows), own))
            for node, rows, own in self._parts(languages)
        ]
        if all(increment is None for _, increment in found):
            return None
        empty = torch.zeros_like(state.sublayer)
        return gather([(rows, empty[rows] if own is None else own) for rows, own in found])

    def embed(self, states: Tensor, languages: Languages) -> Tensor:
        return self._map(states, languages, lambda node, own, tags: node.embed(own, tags))

    def unembed(self, states: Tensor, languages: Languages) -> Tensor:
        return self._map(states, languages, lambda node, own, tags: node.unembed(own, tags))

    def weight(self, name: str, below: Tensor, shape: EncoderShape, language: str) -> Tensor:
        return self._node(language).weight(name, below, shape, language)

    def scores(self, states: Tensor, mask: Tensor, languages: Languages) -> Tensor | None:
        found = [
            (rows, node.scores(states[rows], mask[rows], own)) for node, rows, own in self._parts(languages)
        ]
        kept = [(rows, scores) for rows, scores in found if scores is not None]
        return gather(kept) if kept else None

    def _map(
        self, states: Tensor, languages: Languages, act: Callable[[Node, Tensor, Languages], Tensor]
    ) -> Tensor:
        return gather([(rows, act(node, states[rows], own)) for node, rows, own in self._parts(languages)])

    def _parts(self, languages: Languages) -> list[tuple[Node, slice | list[int], Languages]]:
        """Each branch with its rows; rows that lie together are a slice, which needs no copy."""
        nodes: dict[int, Node] = {}
        rows: dict[int, list[int]] = {}
        for row, language in enumerate(languages):
            node = self._node(language)
            nodes[id(node)] = node
            rows.setdefault(id(node), []).append(row)
        parts = []
        for key, own in rows.items():
            together = own[-1] - own[0] + 1 == len(own)
            index = slice(own[0], own[-1] + 1) if together else own
            parts.append((nodes[key], index, [languages[row] for row in own]))
        return parts


def gather(parts: Sequence[tuple[slice | list[int], Tensor]]) -> Tensor:
    """The rows of all parts, in the order of the batch."""
    joined = torch.cat([values for _, values in parts])
    spans = (range(rows.start, rows.stop) if isinstance(rows, slice) else rows for rows, _ in parts)
    order = [row for span in spans for row in span]
    if order == sorted(order):
        return joined
    return joined[torch.argsort(torch.as_tensor(order)).to(joined.device)]
