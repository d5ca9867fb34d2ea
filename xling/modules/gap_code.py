"""Sorted indices as bytes: the gap to the one before, 255 standing for "255 more, go on".

A list of k indices below n takes at most k + n / 255 bytes.
"""

from __future__ import annotations

import torch
from jaxtyping import Int, UInt8
from torch import Tensor

_MORE = 255


def encode(indices: Int[Tensor, " entries"]) -> UInt8[Tensor, " bytes"]:
    """The bytes of ascending, distinct, non-negative indices; ValueError for others."""
    gaps = torch.diff(indices, prepend=torch.full((1,), -1, dtype=indices.dtype)) - 1
    if len(gaps) and int(gaps.min()) < 0:
        raise ValueError("indices must be ascending and distinct")
    more = gaps // _MORE
    ends = torch.cumsum(more + 1, 0) - 1
    code = torch.full((int(ends[-1]) + 1 if len(ends) else 0,), _MORE, dtype=torch.uint8)
    code[ends] = (gaps % _MORE).to(torch.uint8)
    return code


def decode(code: UInt8[Tensor, " bytes"]) -> Int[Tensor, " entries"]:
    """The indices of some bytes; ValueError when they end in the middle of a gap."""
    if len(code) and int(code[-1]) == _MORE:
        raise ValueError("the list of indices breaks off")
    ends = code != _MORE
    return (torch.cumsum(code.long() + ends, 0) - 1)[ends]
