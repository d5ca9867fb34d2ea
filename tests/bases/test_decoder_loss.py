"""The blockwise loss against torch's own, on all logits at once."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from xling.bases import decoder_loss as module
from xling.bases.decoder_loss import decoder_loss


@settings(max_examples=40)
@given(seed=st.integers(0, 2**31), positions=st.integers(1, 9), pieces=st.integers(1, 40))
@pytest.mark.parametrize("block", [1, 7, 64])
def test_equals_cross_entropy_of_all_logits(block, seed, positions, pieces):
    generator = torch.Generator().manual_seed(seed)
    states = torch.randn(positions, 6, generator=generator, requires_grad=True)
    decoder = 3 * torch.randn(pieces, 6, generator=generator)
    bias = torch.randn(pieces, generator=generator)
    wanted = torch.randint(pieces, (positions,), generator=generator)
    expected = torch.nn.functional.cross_entropy(states @ decoder.T + bias, wanted)
    (gradient,) = torch.autograd.grad(2 * expected, states)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK", block)
        found = decoder_loss(states, decoder, bias, wanted)
    (own,) = torch.autograd.grad(2 * found, states)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(own, gradient, atol=1e-5, rtol=1e-5)


def test_logits_far_apart_stay_finite():
    states = torch.tensor([[100.0]], requires_grad=True)
    decoder, bias = torch.tensor([[-100.0], [100.0]]), torch.zeros(2)
    loss = decoder_loss(states, decoder, bias, torch.tensor([0]))
    loss.backward()
    assert loss.item() == 20_000.0
    assert states.grad is not None and states.grad.item() == 200.0
