"""What is computed in float32, whatever the processor and whatever the caller's autocast says."""

from __future__ import annotations

import pytest
import torch
from torch.backends import cuda
from torch.nn.functional import scaled_dot_product_attention

from xling.bases.base import load_base
from xling.bases.precision import checked_precision, chosen_precision, computing_in
from xling.errors import InputError


def product() -> torch.Tensor:
    return torch.eye(2) @ torch.tensor([[1.001, 0.0], [0.0, 1.0]])


def test_float32_is_float32_under_the_callers_autocast():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert product().dtype == torch.bfloat16
        with computing_in("float32", "cpu"):
            assert product().dtype == torch.float32
    with computing_in("bfloat16", "cpu"):
        assert product().dtype == torch.bfloat16


def test_auto_asks_the_processor_and_a_name_does_not(processor):
    assert chosen_precision("auto", "cpu") == ("bfloat16" if processor == "with bfloat16" else "float32")
    assert chosen_precision("float32", "cpu") == "float32"
    assert chosen_precision("bfloat16", "cpu") == "bfloat16"


def test_other_names_are_refused():
    with pytest.raises(InputError, match="'half'; choose from float32, bfloat16"):
        checked_precision("half")


@pytest.mark.parametrize("device", ["cpuu", "cuda:99", "cuda"])
def test_a_device_that_is_not_there_is_refused(bert, device):
    if torch.cuda.is_available() and device == "cuda":
        pytest.skip("it is there")
    with pytest.raises(
        InputError, match=f"--device: '{device}' is no device of this machine; choose from cpu"
    ):
        load_base(bert.id, device=device)


def test_attention_is_plain_where_gradients_are_needed_in_bfloat16():
    def fused():
        return torch.backends.cuda.flash_sdp_enabled(), cuda.fp16_bf16_reduction_math_sdp_allowed()

    usual = fused()
    assert usual[0]
    for precision, gradient, wanted in (
        ("bfloat16", True, (False, True)),
        ("bfloat16", False, usual),
        ("float32", True, usual),
    ):
        with torch.set_grad_enabled(gradient), computing_in(precision, "cpu"):
            assert fused() == wanted, (precision, gradient)
        assert fused() == usual


def test_plain_attention_has_the_gradients_of_the_fused_one():
    states = [torch.randn(2, 3, 9, 8, generator=torch.Generator().manual_seed(n)) for n in range(3)]
    found = []
    for precision in ("bfloat16", "float32"):
        query, key, value = (own.clone().requires_grad_() for own in states)
        with computing_in(precision, "cpu"):
            kind = torch.bfloat16 if precision == "bfloat16" else torch.float32
            out = scaled_dot_product_attention(query.to(kind), key.to(kind), value.to(kind))
        out.float().square().sum().backward()
        found.append(torch.stack([query.grad, key.grad, value.grad]))
    assert (found[0] - found[1]).abs().mean() < 0.02 * found[1].abs().mean()
    assert found[1].abs().max() > 1
