"""From a plan of names to one of modules, and what it holds: modules, networks, vocabularies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from torch import nn

from xling.bases.base import Base
from xling.bases.tokenizers import tokenizer_from
from xling.composition.forms.form import Node, Plan, check_nesting, combines, walk
from xling.composition.forms.single import Loaded, Named
from xling.composition.forms.stack import Stack
from xling.errors import PlanError
from xling.modules.module import Module
from xling.sites import ReadsPieces

Find = Callable[[Named], Module]


def grow(plan: Plan, find: Find) -> Plan:
    """The plan with a module in place of every name. find: gives the module of a name.

    Raises PlanError where modules do not go together in their places.
    """
    if isinstance(plan, Named):
        return Loaded(find(plan), str(plan))
    check_nesting(plan)
    return plan.over([grow(inner, find) for inner in plan.plans]).grown()


def stacked(modules: Sequence[Module]) -> Node:
    """Modules one on top of the other, the lowest first."""
    return Stack(tuple(map(Loaded, modules)))


def named(plan: Plan) -> Iterator[Named]:
    """The names in a plan, from left to right."""
    return (inner for inner in walk(plan) if isinstance(inner, Named))


def loaded(plan: Plan) -> Iterator[Loaded]:
    """The modules in a plan, from left to right."""
    return (inner for inner in walk(plan) if isinstance(inner, Loaded))


def complete_plans(plan: Plan) -> Iterator[Plan]:
    """The plans in it that give scores by themselves, from left to right: itself, or those it combines."""
    if not combines(plan):
        yield plan
        return
    for inner in plan.plans:
        yield from complete_plans(inner)


def routes(plan: Plan) -> bool:
    """Whether some of its rows go their own way by their language, or by what a module makes of it."""
    return any(inner.by_language for inner in walk(plan)) or any(leaf.reads_language for leaf in loaded(plan))


def learning(plan: Plan) -> frozenset[int]:
    """The plans in it (by id) in which some module is under training."""
    found = {id(inner) for inner in walk(plan) if any(leaf.learning for leaf in loaded(inner))}
    return frozenset(found)


def networks_of(plan: Plan) -> list[nn.Module]:
    """Every network of every module in a plan, each once."""
    return list({id(n): n for leaf in loaded(plan) for n in leaf.module.networks}.values())


def vocabulary_of(node: Node, language: str) -> ReadsPieces | None:
    """The vocabulary that rows of a language are read with; None: the base's. PlanError when two compete."""
    found = {id(own): own for leaf in node.active(language) if (own := leaf.vocabulary) is not None}
    if len(found) > 1:
        titles = [str(leaf.module.facts.language) for leaf in node.active(language) if leaf.vocabulary]
        raise PlanError(
            f"the modules {' and '.join(titles)} each bring a vocabulary; a row is read with one",
            where="--plan",
            hint="route rows by language, or leave one of them out",
        )
    return next(iter(found.values()), None)


def tokenizer_of(base: Base, node: Node, language: str) -> Any:
    """The tokenizer of rows of a language: their vocabulary's, or the base's."""
    own = vocabulary_of(node, language)
    return base.tokenizer if own is None else tokenizer_from(own.tokenizer_json(), base.tokenizer)
