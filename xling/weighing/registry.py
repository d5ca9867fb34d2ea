"""The searches for weights by name. The names are known without importing torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from xling.registry import Registry
from xling.training.specs import specified

if TYPE_CHECKING:
    from xling.weighing.search import Search


def _load(name: str) -> type[Search]:
    """Import a search from this package: `greedy-soup` is the value `SEARCH` of `greedy_soup.py`."""
    return import_module(f"xling.weighing.{name.replace('-', '_')}").SEARCH


SEARCHES: Registry[Callable[[], type[Search]]] = Registry(
    "search for weights",
    ((name, partial(_load, name)) for name in ("lorahub", "gradient", "greedy-soup", "soup")),
)


def search_named(name: str, options: Mapping[str, Any], *, where: str = "--method") -> Search:
    """Return a search with these options; raises InputError for an unknown name or option."""
    return specified(SEARCHES.named(name, where=where)(), options, where=f"--method {name}")
