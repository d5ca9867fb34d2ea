"""The pooler of a checkpoint: a bare encoder leaves it out, but some libraries' classifiers read it."""

from __future__ import annotations

import torch
from torch import Tensor

from xling.bases.opening import Base
from xling.bases.quiet import quiet_transformers

_POOLER = "pooler."


def checkpoint_pooler(base: Base) -> dict[str, Tensor]:
    """The pooler's tensors (`pooler.dense.weight`, ...) in float32; empty where the checkpoint has none."""
    if not base.family.pooler:
        return {}
    from transformers import AutoModel

    with quiet_transformers():
        model, loading = AutoModel.from_pretrained(
            base.source,
            revision=base.revision,
            dtype=torch.float32,
            trust_remote_code=False,
            output_loading_info=True,
        )
    values = {name: value for name, value in model.state_dict().items() if name.startswith(_POOLER)}
    return {} if any(name in values for name in loading["missing_keys"]) else values
