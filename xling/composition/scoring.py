"""What a plan shows its heads: the last states, and how what is pooled from them is mapped on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce

from torch import Tensor

from xling.sites import Hidden, Rows

Map = Callable[[Hidden, Rows], Hidden]


@dataclass(frozen=True)
class HeadState:
    """The last states [rows, length, hidden] of rows, and the maps between the pooling and a head."""

    states: Tensor
    rows: Rows
    maps: tuple[Map, ...] = ()

    def above(self, map: Map) -> HeadState:
        """The same for what stands above a plan that maps pooled states."""
        return replace(self, maps=(*self.maps, map))

    def some(self, rows: slice | list[int]) -> HeadState:
        """The same for some of the rows."""
        return replace(self, states=self.states[rows], rows=self.rows.some(rows))

    def pooled(self, states: Hidden) -> Hidden:
        """Pooled states through all maps, the lowest first."""
        return reduce(lambda value, map: map(value, self.rows), self.maps, states)
