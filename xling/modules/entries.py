"""Sparse entries of tensors: how they are selected, trained and stored on disk.

Selected are exactly the k entries that differ most between two sets of tensors; ties are decided by position.
The differences are computed one tensor at a time: a sample gives a threshold a little below the k-th largest,
only entries above it are kept, and the selection is made among those.

On disk, the sorted linear indices (row-major) of a tensor are stored as bytes: each is the gap to the index
before it, and 255 means that 255 is added and the gap continues. A list of k indices below n takes at most
k + n / 255 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Int, UInt8
from torch import Tensor, nn

from xling.errors import InputError
from xling.modules.kind import grouped
from xling.sites import key_of, name_of

Difference = tuple[Tensor, Tensor]
_SAMPLES = 1 << 20
_MARGIN = 1.1
_MORE = 255


def top_k(pairs: Mapping[str, Difference], k: int) -> dict[str, Int[Tensor, " entries"]]:
    """Select the k entries with the largest |a - b| and return their sorted linear indices by tensor name.

    The indices are row-major, exactly k in all. Among equal differences at the threshold, earlier entries
    win, in the order of names and then of positions.
    Raises InputError when fewer than k entries differ.
    """
    share = _MARGIN * k / sum(a.numel() for a, _ in pairs.values())
    floor = _sampled_floor(pairs, share)
    found = {name: _above(a, b, floor) for name, (a, b) in pairs.items()}
    if sum(len(sizes) for _, sizes in found.values()) < k:
        found = {name: _above(a, b, 0.0) for name, (a, b) in pairs.items()}
    sizes = torch.cat([sizes for _, sizes in found.values()])
    if len(sizes) < k:
        raise InputError(
            f"only {len(sizes):,} entries moved, fewer than the {k:,} to be kept",
            where="k",
            hint="train the first phase longer, or keep fewer entries",
        )
    kept = _largest(sizes, k).split([len(own) for _, own in found.values()])
    return {name: index[own] for (name, (index, _)), own in zip(found.items(), kept, strict=True)}


def _sampled_floor(pairs: Mapping[str, Difference], share: float) -> float:
    """Estimate the value that about `share` of all |a - b| reach, from evenly spaced entries."""
    stride = max(1, sum(a.numel() for a, _ in pairs.values()) // _SAMPLES)
    sample = torch.cat([(a.reshape(-1)[::stride] - b.reshape(-1)[::stride]).abs() for a, b in pairs.values()])
    rank = int(len(sample) * (1 - share))
    return 0.0 if rank < 1 else float(sample.kthvalue(rank).values)


def _above(a: Tensor, b: Tensor, floor: float) -> tuple[Tensor, Tensor]:
    """Return the indices and sizes of the nonzero differences that are at least `floor`."""
    sizes = (a.reshape(-1) - b.reshape(-1)).abs_()
    index = (sizes >= floor if floor > 0 else sizes > 0).nonzero().squeeze(1)
    return index, sizes[index]


def _largest(sizes: Tensor, k: int) -> Tensor:
    """Return a boolean tensor that is True at the k largest values; of equal values the first ones count."""
    threshold = sizes.kthvalue(len(sizes) - k + 1).values
    kept = sizes > threshold
    ties = (sizes == threshold).nonzero().squeeze(1)
    kept[ties[: k - int(kept.sum())]] = True
    return kept


class Entries(nn.Module):
    """Values and sorted linear indices of entries, by tensor name; on disk the indices are gaps."""

    def __init__(self, indices: Mapping[str, Tensor], values: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.values = nn.ParameterDict({key_of(name): nn.Parameter(value) for name, value in values.items()})
        self.gaps = nn.Module()
        for name, index in indices.items():
            self.gaps.register_buffer(key_of(name), encode_gaps(index))
        self.indices = dict(indices)

    @property
    def count(self) -> int:
        """The number of entries in all tensors."""
        return sum(map(len, self.indices.values()))


def stored_entries(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return indices and values, by name, from the stored tensors of an `Entries`.

    Raises ValueError when they do not match.
    """
    stored, gaps = grouped(tensors, "values", "gaps")
    values = {name_of(key): value for key, value in stored.items()}
    indices = {name_of(key): decode_gaps(code) for key, code in gaps.items()}
    for name in indices.keys() | values.keys():
        if name not in indices or name not in values or indices[name].shape != values[name].shape:
            raise ValueError(f"the indices and values of {name} do not match")
    return indices, values


def encode_gaps(indices: Int[Tensor, " entries"]) -> UInt8[Tensor, " bytes"]:
    """Encode indices as bytes. Raises ValueError unless they are ascending, distinct and not negative."""
    gaps = torch.diff(indices, prepend=torch.full((1,), -1, dtype=indices.dtype)) - 1
    if len(gaps) and int(gaps.min()) < 0:
        raise ValueError("indices must be ascending and distinct")
    more = gaps // _MORE
    ends = torch.cumsum(more + 1, 0) - 1
    code = torch.full((int(ends[-1]) + 1 if len(ends) else 0,), _MORE, dtype=torch.uint8)
    code[ends] = (gaps % _MORE).to(torch.uint8)
    return code


def decode_gaps(code: UInt8[Tensor, " bytes"]) -> Int[Tensor, " entries"]:
    """Decode indices from bytes. Raises ValueError when the bytes end in the middle of a gap."""
    if len(code) and int(code[-1]) == _MORE:
        raise ValueError("the list of indices breaks off")
    ends = code != _MORE
    return (torch.cumsum(code.long() + ends, 0) - 1)[ends]
