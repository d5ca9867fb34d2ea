"""What a node holds: its modules, their networks, and the vocabulary that a language's rows are read with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import nn

from xling.bases.opening import Base
from xling.bases.tokenizers import tokenizer_from
from xling.composition.nodes import Blend, Fold, Fork, Leaf, Node
from xling.errors import PlanError
from xling.sites import ReadsPieces


def leaves_of(node: Node) -> Iterator[Leaf]:
    """The modules in a node, from left to right."""
    return (inner for inner in walk(node) if isinstance(inner, Leaf))


def networks_of(node: Node) -> list[nn.Module]:
    """Every network of every module in a node, each once."""
    return list({id(n): n for leaf in leaves_of(node) for n in leaf.module.networks}.values())


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


def routes(node: Node) -> bool:
    """Whether some of its rows go their own way by their language."""
    return any(isinstance(inner, Fork) for inner in walk(node))


def walk(node: Node) -> Iterator[Node]:
    """The node and all inside it."""
    yield node
    inner: tuple[Node, ...] = ()
    if isinstance(node, Fork):
        inner = (*node.nodes.values(), *([] if node.other is None else [node.other]))
    elif isinstance(node, Fold | Blend):
        inner = node.nodes
    for child in inner:
        yield from walk(child)
