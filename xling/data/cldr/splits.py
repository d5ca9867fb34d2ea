"""Train, dev and test splits that share no name in any language.

CLDR keys and casefolded strings that occur together in any locale form a connected component, and each
component goes to one split as a whole. The split depends on a hash of the component's smallest key, not on
the order of locales. The key of a date is its month and day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal

from xling.data.cldr.harvest import WORLD, Names

Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = ("train", "dev", "test")
_SHARES: tuple[tuple[Split, int], ...] = (("train", 70), ("dev", 80), ("test", 100))  # per cent, summed


def split_keys(names: Mapping[str, Names]) -> dict[str, Split]:
    """Return the split of every key, given the names by locale."""
    components = components_of(names)
    smallest: dict[str, str] = {}
    for key, component in sorted(components.items()):
        smallest.setdefault(component, key)
    return {key: _drawn(smallest[component]) for key, component in components.items()}


def components_of(names: Mapping[str, Names]) -> dict[str, str]:
    """Return the component of every key, named by one of its nodes (union-find over keys and strings)."""
    parents: dict[str, str] = {}

    def find(node: str) -> str:
        while parents.setdefault(node, node) != node:
            parents[node] = parents[parents[node]]
            node = parents[node]
        return node

    for own in names.values():
        for key, value in own.items():
            parents[find(key)] = find(key.removesuffix(WORLD))
            parents[find("\0" + value.casefold())] = find(key)
    return {key: find(key) for own in names.values() for key in own}


def _drawn(key: str) -> Split:
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % 100
    return next(split for split, below in _SHARES if number < below)
