"""The k entries that differ most between two sets of tensors: exact, ties by position, streaming.

Differences are looked at one tensor at a time. A sample gives a threshold a little below the k-th
largest; only entries above it are kept, and the exact choice is made among those.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Int
from torch import Tensor

from xling.errors import InputError

Difference = tuple[Tensor, Tensor]
_SAMPLES = 1 << 20
_MARGIN = 1.1


def top_k(pairs: Mapping[str, Difference], k: int) -> dict[str, Int[Tensor, " entries"]]:
    """Ascending linear indices (row-major) by name, exactly k in all, of the largest |a - b|.

    Ties at the threshold go to the entries that come first, in the order of the names and then of
    positions. Raises InputError when fewer than k entries differ at all.
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
    """A value that about `share` of all |a - b| reach, from evenly spaced entries."""
    stride = max(1, sum(a.numel() for a, _ in pairs.values()) // _SAMPLES)
    sample = torch.cat([(a.reshape(-1)[::stride] - b.reshape(-1)[::stride]).abs() for a, b in pairs.values()])
    rank = int(len(sample) * (1 - share))
    return 0.0 if rank < 1 else float(sample.kthvalue(rank).values)


def _above(a: Tensor, b: Tensor, floor: float) -> tuple[Tensor, Tensor]:
    """Indices and sizes of the differences that reach the floor and are not zero."""
    sizes = (a.reshape(-1) - b.reshape(-1)).abs_()
    index = (sizes >= floor if floor > 0 else sizes > 0).nonzero().squeeze(1)
    return index, sizes[index]


def _largest(sizes: Tensor, k: int) -> Tensor:
    """A boolean tensor with exactly k True: the largest, the first ones where they are equal."""
    threshold = sizes.kthvalue(len(sizes) - k + 1).values
    kept = sizes > threshold
    ties = (sizes == threshold).nonzero().squeeze(1)
    kept[ties[: k - int(kept.sum())]] = True
    return kept
