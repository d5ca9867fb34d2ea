"""Records what PEFT computes with several LoRA modules at once: Arrow, and weighted adapters.

Run it in the environment that `record_peft.py` describes:

    PYTHONPATH=tests PYTHONHASHSEED=0 peer/bin/python tests/interop/record_library.py

The fixtures `fixtures/library_BASE.safetensors` hold, each file's bytes packed by zlib:

    in/CASE/file/NAME    a file that PEFT wrote: the modules a, b and c, and what it makes of them (WEIGHTED)
    in/CASE/output       last states of the PeftModel with that module
    arrow/K              last states where each token takes K of a, b and c

Weights are drawn by a seed, and one direction of each module is made the strongest, as training makes it:
PEFT finds it by 15 power iterations from a random vector. Metadata: `facts` with versions and TEMPERATURE.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import peft
import torch
import transformers
from peft.tuners.lora.arrow import create_arrow_model
from peft.tuners.lora.config import ArrowConfig
from support.peer_base import BASES, FIXTURES, draw, files_of, output, plain_model, save
from torch import Tensor

MODULES = ("a", "b", "c")
TEMPERATURE = 0.5
SHARES = [0.7, -0.4]
# what is made of a and b -> options of add_weighted_adapter
WEIGHTED: dict[str, dict[str, Any]] = {
    "linear": {},
    "cat": {},
    "svd": {"svd_rank": 3},
    "ties": {"density": 0.5},
    "magnitude_prune": {"density": 0.5},
}


def trained(name: str, number: int) -> Any:
    """A PeftModel with one module, whose weights were moved. number: its place among the modules."""
    config = peft.LoraConfig(r=4, lora_alpha=4 + number, target_modules=["query", "value"])
    model = peft.get_peft_model(plain_model(name, "language"), config).eval()
    own = [(key, value) for key, value in model.named_parameters() if "lora_" in key]
    draw(own, torch.Generator().manual_seed(number))
    with torch.no_grad():
        for key, value in own:
            (value[0] if "lora_A" in key else value[:, 0]).mul_(3)
    return model


def states(model: Any, name: str) -> Tensor:
    return output(model.get_base_model(), name)


def weighted(name: str, folders: list[str]) -> dict[str, Tensor]:
    """What PEFT makes of the first two modules: its files and outputs."""
    model, tensors = peft.PeftModel.from_pretrained(plain_model(name, "language"), folders[0], "a"), {}
    model.load_adapter(folders[1], "b")
    for kind, options in WEIGHTED.items():
        model.add_weighted_adapter(["a", "b"], SHARES, kind, combination_type=kind, **options)
        model.set_adapter(kind)
        with tempfile.TemporaryDirectory() as folder:
            model.save_pretrained(folder, selected_adapters=[kind])
            tensors |= {
                f"in/{kind}/file/{file}": data for file, data in files_of(Path(folder) / kind).items()
            }
        tensors[f"in/{kind}/output"] = states(model.eval(), name)
    return tensors


def record(name: str) -> None:
    """The fixture of one base."""
    tensors: dict[str, Tensor] = {}
    with tempfile.TemporaryDirectory() as root:
        folders = [str(Path(root) / module) for module in MODULES]
        for number, (module, folder) in enumerate(zip(MODULES, folders, strict=True), 1):
            model = trained(name, number)
            model.save_pretrained(folder)
            tensors |= {f"in/{module}/file/{file}": data for file, data in files_of(Path(folder)).items()}
            tensors[f"in/{module}/output"] = states(model, name)
        for top_k in (1, 2, 3):
            settings = ArrowConfig(top_k=top_k, router_temperature=TEMPERATURE, rng_seed=0)
            model = create_arrow_model(plain_model(name, "language"), folders, settings)
            tensors[f"arrow/{top_k}"] = states(model.eval(), name)
        tensors |= weighted(name, folders)
    versions = {library.__name__: library.__version__ for library in (peft, transformers, torch)}
    facts = {"versions": versions, "temperature": TEMPERATURE, "shares": SHARES}
    save(FIXTURES / f"library_{name}.safetensors", tensors, facts)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for base in BASES:
        record(base)
