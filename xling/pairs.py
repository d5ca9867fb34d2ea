"""The paired text of a row, such as its translation into the source language, as a part can read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class Paired:
    """What the base, without any module, has at linear sites for the paired text of each row.

    Attributes:
        inputs: The inputs of the projections, [rows, paired length, inputs], by the sites' keys. They have no
            gradient.
        mask: The attention mask of the paired texts, [rows, paired length], 0 at padding.
    """

    inputs: Mapping[str, Float[Tensor, "rows paired inputs"]]
    mask: Int[Tensor, "rows paired"]

    def some(self, rows: slice | list[int]) -> Paired:
        """Return the same for some of the rows."""
        return Paired({place: own[rows] for place, own in self.inputs.items()}, self.mask[rows])


@runtime_checkable
class ReadsPairs(Protocol):
    """A part that reads the paired text of each row; see `Rows.paired`."""

    def paired_sites(self) -> Iterable[str]:
        """Return the keys of the linear sites whose inputs it reads of the paired text."""
        ...
