"""Records what AdapterFusion computes in the library `adapters`, for `test_fusion.py` beside this file.

Run it in the environment that `record_adapterhub.py` describes:

    PYTHONPATH=tests peer/bin/python tests/interop/record_fusion.py

It writes `fixtures/fusion_bert.safetensors` and `fixtures/fusion_xlm_roberta.safetensors`: fusions of two
adapters of `fixtures/adapterhub_*` on the base that is there, as the library saves them, and its outputs for
the inputs that are there. FUSION is `dynamic` (with a value matrix) or `static`:

    fusion/FUSION/NAME    the fusion, under the names in the library's own file
    hidden/FUSION         last hidden states with it over both adapters

Metadata: one JSON text under `facts` with `versions` and `fusions` (the library's configurations).
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import adapters
import torch
import transformers
from adapters.composition import Fuse
from interop.record_adapterhub import WEIGHT_STD, build, draw, inputs, main
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

PLANS = ("pfeiffer_a", "pfeiffer_b")
FUSIONS = ("dynamic", "static")


def saved_fusion(model: nn.Module, name: str) -> tuple[dict[str, Tensor], dict]:
    """A fusion as the library writes it: tensors and `adapter_fusion_config.json`."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_adapter_fusion(folder, name, use_safetensors=True)
        (weights,) = Path(folder).glob("*.safetensors")
        return load_file(weights), json.loads((Path(folder) / "adapter_fusion_config.json").read_text())


@torch.no_grad()
def record(name: str, folder: Path) -> Path:
    """Write the fixture of one base."""
    generator = torch.Generator().manual_seed(20)  # that of `record_adapterhub`: the same base and adapters
    model = build(name, generator)
    ids, mask = inputs(model.config.pad_token_id, generator)
    tensors, fusions = {}, {}
    for fusion in FUSIONS:
        model.add_adapter_fusion(list(PLANS), fusion)
        fused = [(key, value) for key, value in model.named_parameters() if "adapter_fusion_layer" in key]
        draw(fused, WEIGHT_STD, generator)
        model.active_adapters = Fuse(*PLANS)
        tensors[f"hidden/{fusion}"] = model.eval().base_model(ids, attention_mask=mask).last_hidden_state
        weights, fusions[fusion] = saved_fusion(model, ",".join(PLANS))
        tensors |= {f"fusion/{fusion}/{key}": value for key, value in weights.items()}
        model.delete_adapter_fusion(list(PLANS))
    versions = {library.__name__: library.__version__ for library in (adapters, transformers, torch)}
    path = folder / f"fusion_{name}.safetensors"
    plain = {key: value.detach().contiguous().clone() for key, value in tensors.items()}
    save_file(
        plain,
        path,
        metadata={"facts": json.dumps({"versions": versions, "fusions": fusions}, sort_keys=True)},
    )
    return path


if __name__ == "__main__":
    main(record, __doc__)
