"""The selection against a plain sort, and the byte code of indices."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from xling.errors import InputError
from xling.modules import entries as module
from xling.modules.entries import decode_gaps, encode_gaps, top_k


@st.composite
def pairs(draw):
    """Tensors with many ties and zeros."""
    seed, count = draw(st.integers(0, 2**31)), draw(st.integers(1, 4))
    generator = torch.Generator().manual_seed(seed)
    steps = draw(st.integers(1, 6))
    found = {}
    for number in range(count):
        shape = draw(st.sampled_from([(3,), (2, 5), (4, 4), (1, 1), (30,)]))
        base = torch.randn(shape, generator=generator)
        found[f"t{number}"] = (base + torch.randint(-steps, steps + 1, shape, generator=generator) / 8, base)
    return found


@settings(max_examples=100)
@given(pairs=pairs(), share=st.floats(0, 1), samples=st.sampled_from([1, 5, 1 << 20]))
def test_is_exact_with_ties_by_position(pairs, share, samples):
    sizes = [
        (-float((a - b).abs().reshape(-1)[i]), number, i, name)
        for number, (name, (a, b)) in enumerate(pairs.items())
        for i in range(a.numel())
    ]
    moved = sorted(entry for entry in sizes if entry[0] < 0)
    k = max(1, int(share * len(moved)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_SAMPLES", samples)
        if len(moved) < k:
            with pytest.raises(InputError, match="only 0 entries moved, fewer than the 1"):
                top_k(pairs, k)
            return
        found = top_k(pairs, k)
    expected = {name: sorted(i for _, _, i, own in moved[:k] if own == name) for name in pairs}
    assert {name: index.tolist() for name, index in found.items()} == expected


def test_fewer_changes_than_k_are_said():
    base = torch.zeros(5)
    with pytest.raises(InputError, match="only 2 entries moved, fewer than the 3 to be kept"):
        top_k({"a": (torch.tensor([0.0, 1, 0, -1, 0]), base)}, 3)


@given(st.lists(st.integers(0, 5000), unique=True, max_size=60).map(sorted))
def test_indices_survive_the_byte_code(indices):
    code = encode_gaps(torch.tensor(indices, dtype=torch.long))
    assert code.dtype == torch.uint8
    assert len(code) <= len(indices) + (max(indices, default=0) + 1) / 255
    assert decode_gaps(code).tolist() == indices


@pytest.mark.parametrize("indices", [[3, 3], [4, 2]])
def test_indices_out_of_order_are_refused(indices):
    with pytest.raises(ValueError, match="ascending and distinct"):
        encode_gaps(torch.tensor(indices))


def test_a_broken_code_is_refused():
    with pytest.raises(ValueError, match="breaks off"):
        decode_gaps(torch.tensor([3, 255], dtype=torch.uint8))
