"""Values by name: kinds, tasks, forms of plan, initialisers, foreign formats, shared tasks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from xling.errors import InputError

ValueT = TypeVar("ValueT")
_LONGEST = 60


class Registry(dict[str, ValueT]):
    """A dictionary that no name enters twice and that says what it holds when a name is not there.

    what: one of its values, as in "no task is called 'taging'".
    """

    def __init__(self, what: str, values: Iterable[tuple[str, ValueT]] = ()) -> None:
        super().__init__()
        self.what = what
        for name, value in values:
            self.add(name, value)

    def add(self, name: str, value: ValueT) -> None:
        """Make a value known by a name; ValueError for one that is taken."""
        if name in self:
            raise ValueError(f"a {self.what} is called {name!r} already")
        self[name] = value

    def named(self, name: str, *, where: str) -> ValueT:
        """The value of a name; InputError lists the names."""
        if name not in self:
            problem = f"no {self.what} is called {name[:_LONGEST]!r}"
            raise InputError(problem, where=where, choices=self)
        return self[name]
