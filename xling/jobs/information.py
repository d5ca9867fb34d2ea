"""What is installed and where things are kept."""

from __future__ import annotations

import os
from typing import Any

import torch

from xling.bases.precision import fast_bfloat16
from xling.files import cache_dir
from xling.machine import versions


def information() -> dict[str, Any]:
    """Versions, cache, devices, offline switch."""
    gpus = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return {
        **versions(),
        "cache": str(cache_dir()),
        "devices": ", ".join(["cpu", *gpus]),
        "threads": torch.get_num_threads(),
        "bfloat16 is fast": fast_bfloat16("cpu"),
        "offline": bool(os.environ.get("HF_HUB_OFFLINE")),
        "data root": os.environ.get("XLING_DATA", "not set"),
    }
