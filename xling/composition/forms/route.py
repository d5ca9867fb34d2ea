"""`route(swh: a, hau: b, *: none)`: each row is processed by the plan for its language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import cast

import torch
from torch import Tensor

from xling.composition.folding import Folding
from xling.composition.forms.beside import check_beside
from xling.composition.forms.form import HeadState, Node, Plan, walk
from xling.composition.forms.single import Loaded
from xling.errors import InputError, PlanError
from xling.languages import UNKNOWN
from xling.sites import Hidden, LinearState, Place, ResidualState, Rows

ELSE = "*"
Index = slice | list[int]


@dataclass(frozen=True)
class Route(Node):
    """A plan for each language; the branch `*`, if there is one, is for all other languages.

    branches: pairs of language and plan. A row whose language has no branch raises InputError.
    """

    branches: tuple[tuple[str, Plan], ...]
    plans: tuple[Plan, ...] = field(init=False, repr=False, compare=False)

    word = "route"
    by_language = True

    def __post_init__(self) -> None:
        keys = [key for key, _ in self.branches]
        if not keys:
            raise PlanError("route has no branch", where="--plan", hint="write route(swh: lang/swh, *: none)")
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise PlanError(f"route has two branches for {twice}", where="--plan", hint="keep one of them")
        for key, plan in self.branches:
            check_one_language(key, plan)
        object.__setattr__(self, "plans", tuple(plan for _, plan in self.branches))

    def __str__(self) -> str:
        return f"route({', '.join(f'{key}: {plan}' for key, plan in self.branches)})"

    def over(self, plans: Sequence[Plan]) -> Plan:
        keys = (key for key, _ in self.branches)
        return replace(self, branches=tuple(zip(keys, plans, strict=True)))

    def grown(self) -> Plan:
        check_beside(self)
        return self

    def active(self, language: str) -> Iterator[Loaded]:
        return self._node(language).active(language)

    def rewritten(self, units: Sequence[str], language: str) -> Sequence[str]:
        return self._node(language).rewritten(units, language)

    def increment(self, layer: int, place: Place, state: ResidualState) -> Hidden | None:
        return self._added(
            state.rows, state.sublayer, lambda node, own: node.increment(layer, place, state.some(own))
        )

    def linear_increment(self, place: str, state: LinearState) -> Tensor | None:
        return self._added(
            state.rows, state.outputs, lambda node, own: node.linear_increment(place, state.some(own))
        )

    def embed(self, states: Hidden, rows: Rows) -> Hidden:
        return self._mapped(states, rows, lambda node, own, at: node.embed(own, at))

    def unembed(self, states: Hidden, rows: Rows) -> Hidden:
        return self._mapped(states, rows, lambda node, own, at: node.unembed(own, at))

    def weight(self, below: Tensor, folding: Folding) -> Tensor:
        return folding.through(self._node(folding.language), below)

    def pooled(self, states: Hidden, rows: Rows) -> Hidden:
        return self._mapped(states, rows, lambda node, own, at: node.pooled(own, at))

    def scores(self, state: HeadState) -> Tensor | None:
        found = [(rows, node.scores(state.some(rows))) for node, rows in self._ways(state.rows)]
        kept = [(rows, scores) for rows, scores in found if scores is not None]
        return gather(kept) if kept else None

    def way(self, language: str) -> Plan:
        """Return the plan for a language; raises InputError when there is none."""
        if self.takes(language):
            return self._by_language.get(language) or self._by_language[ELSE]
        unnamed = "a row without a language" if language == UNKNOWN else f"a row of the language {language}"
        raise InputError(
            f"the plan routes by language and has no branch for {unnamed}",
            where="--plan",
            choices=self._by_language,
            hint="give rows one of these languages (--language), or add *: none",
        )

    def takes(self, language: str) -> bool:
        """Return whether there is a plan for a language."""
        return language in self._by_language or ELSE in self._by_language

    @cached_property
    def _by_language(self) -> dict[str, Plan]:
        return dict(self.branches)

    def _node(self, language: str) -> Node:
        return cast(Node, self.way(language))

    def _added(self, rows: Rows, like: Tensor, add: Callable[[Node, Index], Tensor | None]) -> Tensor | None:
        """What the branches add for their rows, zeros in the shape of `like` where one adds nothing."""
        found = [(own, add(node, own)) for node, own in self._ways(rows)]
        if all(increment is None for _, increment in found):
            return None
        nothing = torch.zeros_like(like)
        return gather([(own, nothing[own] if added is None else added) for own, added in found])

    def _mapped(self, states: Hidden, rows: Rows, act: Callable[[Node, Hidden, Rows], Hidden]) -> Hidden:
        ways = self._ways(rows)
        return gather([(own, act(node, states[own], rows.some(own))) for node, own in ways])

    def _ways(self, rows: Rows) -> list[tuple[Node, Index]]:
        """Each branch with its rows; adjacent rows are given as a slice, which needs no copy."""
        ways = [self._node(language) for language in rows.languages]
        return [
            (node, _index([row for row, own in enumerate(ways) if own is node]))
            for node in {id(node): node for node in ways}.values()
        ]


def check_one_language(key: str, plan: Plan) -> None:
    """Raise PlanError when there is a route inside the branch of a route."""
    if any(inner.by_language for inner in walk(plan)):
        raise PlanError(
            f"a route inside the branch {key} of a route: its rows are of one language already",
            where="--plan",
            hint="write one route with all languages",
        )


def _index(numbers: list[int]) -> Index:
    together = numbers[-1] - numbers[0] + 1 == len(numbers)
    return slice(numbers[0], numbers[-1] + 1) if together else numbers


def gather(parts: Sequence[tuple[Index, Tensor]]) -> Tensor:
    """Join results for parts of a batch in the order of its rows. parts: pairs of row numbers and results."""
    joined = torch.cat([values for _, values in parts])
    spans = (range(rows.start, rows.stop) if isinstance(rows, slice) else rows for rows, _ in parts)
    order = [row for span in spans for row in span]
    if order == sorted(order):
        return joined
    return joined[torch.argsort(torch.as_tensor(order)).to(joined.device)]
