"""What is computed in float32, whatever the processor and whatever the caller's autocast says."""

from __future__ import annotations

import pytest
import torch

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
