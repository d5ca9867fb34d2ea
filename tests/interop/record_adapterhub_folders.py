"""Records what the library `adapters` computes with whole folders: LoRA, heads, old layouts, and ours.

Run it in an environment of its own, since the library pins transformers:

    python -m venv peer && peer/bin/pip install "torch==2.13.0" "adapters==1.3.0"
    PYTHONPATH=tests peer/bin/python tests/interop/record_adapterhub_folders.py --exports exports

`exports` is what `export_for_peers.py` wrote. The fixtures `fixtures/adapterhub_folders_BASE.safetensors`
hold, each file's bytes packed by zlib:

    in/CASE/file/NAME, out/CASE/file/NAME    a file that the library wrote, that xling exported
    in/CASE/output, out/CASE/output          last states or logits with that adapter active

The old layouts are today's files under the names of 2020; the library itself loads the language adapter.
Weights are drawn by a seed. Metadata: `facts` with the versions.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import adapters
import torch
import transformers
from support.peer_base import BASES, FIXTURES, draw, files_of, filled, output, plain_model, save, settings_of
from torch import Tensor

ADAPTER = "mine"
LABELS = {0: "O", 1: "B-X", 2: "I-X"}
EVERY = {"attn_matrices": ["q", "k", "v"], "intermediate_lora": True, "output_lora": True}
# case -> head (static ones name a job), adapter
CASES = {
    "lora": (("tagging", {}), adapters.LoRAConfig(r=4, alpha=6, leave_out=[0], **EVERY)),
    "bottleneck": (
        ("classification", {"activation_function": "gelu"}),
        adapters.SeqBnConfig(reduction_factor=4),
    ),
    "two_layers": (("tagging", {"layers": 2}), adapters.DoubleSeqBnConfig(reduction_factor=4)),
    "pooler": (
        ("classification", {"layers": 1, "use_pooler": True}),
        adapters.ParBnConfig(reduction_factor=8),
    ),
    "static_tagging": ("tagging", adapters.SeqBnConfig(reduction_factor=8)),
    "static_classification": ("classification", adapters.SeqBnConfig(reduction_factor=8)),
    "legacy_language": (None, adapters.SeqBnInvConfig(reduction_factor=4, non_linearity="gelu")),
    "legacy_task": (("tagging", {}), adapters.DoubleSeqBnConfig(reduction_factor=4)),
}
OLD_NAMES = {
    "attention.output.adapters": "attention.output.attention_text_{}_adapters",
    ".output.adapters": ".output.layer_text_{}_adapters",
    "invertible_adapters": "invertible_{}_adapters",
}


def flexible(name: str, head: tuple[str, dict] | None) -> Any:
    """The library's own model class, with one of its heads."""
    model = adapters.AutoAdapterModel.from_config(settings_of(name))
    if head is not None:
        kind, options = head
        getattr(model, f"add_{kind}_head")(ADAPTER, num_labels=len(LABELS), id2label=LABELS, **options)
    return filled(model, name)


def static(name: str, job: str) -> Any:
    """A class of transformers, made ready for adapters."""
    model = plain_model(name, job)
    adapters.init(model)
    return model


def trained(name: str, head: Any, config: Any) -> Any:
    """A model with one adapter, active, whose every weight was moved."""
    model = static(name, head) if isinstance(head, str) else flexible(name, head)
    model.add_adapter(ADAPTER, config=config)
    draw(
        [(k, v) for k, v in model.named_parameters() if f".{ADAPTER}." in k], torch.Generator().manual_seed(9)
    )
    model.set_active_adapters(ADAPTER)
    return model.eval()


def aged(folder: Path, kind: str) -> None:
    """The files of a folder as releases of 2020 wrote them."""
    weights = torch.load(folder / "pytorch_adapter.bin", weights_only=True)
    old = {}
    for key, value in weights.items():
        for new, name in OLD_NAMES.items():
            if new in key:
                key = key.replace(new, name.format(kind))
                break
        old[key] = value
    torch.save(old, folder / "pytorch_adapter.bin")
    path = folder / "adapter_config.json"
    facts = json.loads(path.read_text())
    del facts["version"], facts["config"]["inv_adapter"], facts["config"]["inv_adapter_reduction_factor"]
    block = {"block_type": "nice", "non_linearity": "relu", "reduction_factor": 2}
    facts["config"] |= {"invertible_adapter": block, "new_attention_norm": False}
    path.write_text(json.dumps({**facts, "type": f"text_{kind}"}, indent=2, sort_keys=True))


def result(model: Any, name: str, case: str) -> Tensor:
    """Logits where there is a head, else last states."""
    return output(model.base_model if case in ("legacy_language", "language") else model, name)


def loaded(name: str, folder: Path, head: Any) -> Any:
    """A fresh model with the adapter (and head) of a folder, active."""
    model = flexible(name, None)
    safe = (folder / "adapter.safetensors").exists()
    adapter = model.load_adapter(str(folder), set_active=True, use_safetensors=safe)
    model.set_active_adapters(adapter)
    if head is not None:
        model.active_head = json.loads((folder / "head_config.json").read_text())["name"]
    return model.eval()


def record(name: str, exports: Path) -> None:
    """The fixture of one base."""
    tensors = {}
    for case, (head, config) in CASES.items():
        model = trained(name, head, config)
        with tempfile.TemporaryDirectory() as written:
            folder = Path(written)
            old = case.startswith("legacy")
            model.save_adapter(str(folder), ADAPTER, with_head=head is not None, use_safetensors=not old)
            if old:
                aged(folder, "lang" if head is None else "task")
                # the settings of a task name a block that it never had, which this release would draw anew
                model = loaded(name, folder, head) if head is None else model
            tensors |= {f"in/{case}/file/{file}": data for file, data in files_of(folder).items()}
        tensors[f"in/{case}/output"] = result(model, name, case)
    for folder in sorted((exports / name / "adapterhub").iterdir()):
        head = True if (folder / "head_config.json").exists() else None
        model = loaded(name, folder, head)
        tensors |= {f"out/{folder.name}/file/{file}": data for file, data in files_of(folder).items()}
        tensors[f"out/{folder.name}/output"] = result(model, name, folder.name if head else "language")
    versions = {library.__name__: library.__version__ for library in (adapters, transformers, torch)}
    save(FIXTURES / f"adapterhub_folders_{name}.safetensors", tensors, {"versions": versions})


def main() -> None:
    """Record both bases."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--exports", type=Path, required=True)
    exports = parser.parse_args().exports
    torch.set_num_threads(1)
    for name in BASES:
        record(name, exports)


if __name__ == "__main__":
    main()
