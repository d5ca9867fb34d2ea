"""What a plan holds: its modules, their networks, and the vocabulary that a language's rows are read with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import nn

from xling.bases.base import Base
from xling.bases.tokenizers import tokenizer_from
from xling.composition.forms.form import Node, Plan, walk
from xling.composition.forms.single import Loaded, Named
from xling.errors import PlanError
from xling.sites import ReadsPieces


def named(plan: Plan) -> Iterator[Named]:
    """The names in a plan, from left to right."""
    return (inner for inner in walk(plan) if isinstance(inner, Named))


def loaded(plan: Plan) -> Iterator[Loaded]:
    """The modules in a plan, from left to right."""
    return (inner for inner in walk(plan) if isinstance(inner, Loaded))


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
