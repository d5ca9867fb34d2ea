"""Lookup of values by name: kinds, tasks, plan forms, initialisers, foreign formats, shared tasks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from xling.errors import InputError

ValueT = TypeVar("ValueT")
_LONGEST = 60


class Registry(dict[str, ValueT]):
    """A dictionary that refuses duplicate names, and lists its names when one is unknown.

    Args:
        what: The word for one value, as in "no task is called 'taging'".
        values: Pairs of a name and its value, added in this order.
    """

    def __init__(self, what: str, values: Iterable[tuple[str, ValueT]] = ()) -> None:
        super().__init__()
        self.what = what
        for name, value in values:
            self.add(name, value)

    def add(self, name: str, value: ValueT) -> None:
        """Add a value under a name. Raises ValueError when the name is already used."""
        if name in self:
            raise ValueError(f"a {self.what} is called {name!r} already")
        self[name] = value

    def named(self, name: str, *, where: str) -> ValueT:
        """Return the value of a name. Raises InputError, which lists all names, when there is none.

        `where` is the file or option that the error points to.
        """
        if name not in self:
            problem = f"no {self.what} is called {name[:_LONGEST]!r}"
            raise InputError(problem, where=where, choices=self)
        return self[name]
