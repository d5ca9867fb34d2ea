"""Some entries of some tensors: sorted linear indices (row-major), and a value that learns for each."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from xling.modules.config import key_of, name_of
from xling.modules.gap_code import decode, encode


class Entries(nn.Module):
    """Values and indices by tensor name; on disk the indices are a `gap_code`."""

    def __init__(self, indices: Mapping[str, Tensor], values: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.values = nn.ParameterDict({key_of(name): nn.Parameter(value) for name, value in values.items()})
        self.gaps = nn.Module()
        for name, index in indices.items():
            self.gaps.register_buffer(key_of(name), encode(index))
        self._indices = dict(indices)

    @property
    def count(self) -> int:
        """How many entries there are."""
        return sum(map(len, self._indices.values()))

    @property
    def names(self) -> tuple[str, ...]:
        """The tensors that have any."""
        return tuple(self._indices)

    def indices(self, name: str) -> Tensor:
        """The sorted linear indices in a tensor."""
        return self._indices[name]


def stored_entries(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Indices and values out of an `Entries`' own tensors; ValueError when they do not match."""
    stored: dict[str, dict[str, Tensor]] = {"values": {}, "gaps": {}}
    for name, value in tensors.items():
        group, _, key = name.partition(".")
        stored[group][name_of(key)] = value
    indices, values = {name: decode(code) for name, code in stored["gaps"].items()}, stored["values"]
    for name in indices.keys() | values.keys():
        if name not in indices or name not in values or indices[name].shape != values[name].shape:
            raise ValueError(f"the indices and values of {name} do not match")
    return indices, values
