"""Load the modules that a plan names, and list what it contains: modules, networks, vocabularies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from torch import nn

from xling.bases.base import Base
from xling.bases.tokenizers import tokenizer_from
from xling.composition.forms.form import Node, Plan, check_nesting, combines, walk
from xling.composition.forms.single import NEW, Loaded, Named
from xling.composition.forms.stack import Stack, stack
from xling.errors import PlanError
from xling.modules.module import Module
from xling.sites import ReadsPieces

Find = Callable[[Named], Module]


def grow(plan: Plan, find: Find) -> Plan:
    """Return the plan with the loaded module in place of every name.

    find: a function that loads the module of a name. Raises PlanError when the modules cannot be combined in
    this way.
    """
    if isinstance(plan, Named):
        return Loaded(find(plan), str(plan))
    check_nesting(plan)
    return plan.over([grow(inner, find) for inner in plan.plans]).grown()


def stacked(modules: Sequence[Module]) -> Node:
    """Stack modules, the lowest first."""
    return Stack(tuple(map(Loaded, modules)))


def named(plan: Plan) -> Iterator[Named]:
    """The module names in a plan, from left to right."""
    return (inner for inner in walk(plan) if isinstance(inner, Named))


def with_new(plan: Plan) -> Plan:
    """Return a plan in which the module that a training makes stands on top, unless it stands in it."""
    return plan if NEW in named(plan) else stack(plan, NEW)


def loaded(plan: Plan) -> Iterator[Loaded]:
    """The loaded modules in a plan, from left to right."""
    return (inner for inner in walk(plan) if isinstance(inner, Loaded))


def complete_plans(plan: Plan) -> Iterator[Plan]:
    """The plans that compute scores on their own: the plan itself, or those it combines, left to right."""
    if not combines(plan):
        yield plan
        return
    for inner in plan.plans:
        yield from complete_plans(inner)


def routes(plan: Plan) -> bool:
    """Whether the result depends on the rows' languages: by a route, or by a module that reads them."""
    return any(inner.by_language for inner in walk(plan)) or any(leaf.reads_language for leaf in loaded(plan))


def rewrites(plan: Plan) -> bool:
    """Whether a module of the plan rewrites the text before the tokenizer splits it."""
    return any(leaf.rewriters for leaf in loaded(plan))


def pair_reader(plan: Plan) -> Loaded | None:
    """The first module of a plan that reads a translation beside each text; None when none does."""
    return next((leaf for leaf in loaded(plan) if leaf.pairing), None)


def learning(plan: Plan) -> frozenset[int]:
    """The ids (Python's `id`) of the plans within it that contain a module in training."""
    found = {id(inner) for inner in walk(plan) if any(leaf.learning for leaf in loaded(inner))}
    return frozenset(found)


def networks_of(plan: Plan) -> list[nn.Module]:
    """The networks of all modules in a plan, each once."""
    return list({id(n): n for leaf in loaded(plan) for n in leaf.module.networks}.values())


def vocabulary_of(node: Node, language: str) -> ReadsPieces | None:
    """The vocabulary used for rows of a language; None stands for the base's.

    Raises PlanError when two modules that act on these rows bring a vocabulary.
    """
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
    """The tokenizer for rows of a language: that of their vocabulary module, or else the base's."""
    own = vocabulary_of(node, language)
    return base.tokenizer if own is None else tokenizer_from(own.tokenizer_json(), base.tokenizer)
