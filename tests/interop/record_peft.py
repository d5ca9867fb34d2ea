"""Records what PEFT computes with its own folders and with ours.

Run it in an environment of its own:

    python -m venv peer && peer/bin/pip install "torch==2.13.0" "transformers==4.57.6" "peft==0.21.2"
    PYTHONPATH=tests PYTHONHASHSEED=0 peer/bin/python tests/interop/record_peft.py --exports exports

`exports` is what `export_for_peers.py` wrote. The fixtures `fixtures/peft_BASE.safetensors` hold, each file's
bytes packed by zlib:

    in/CASE/file/NAME, out/CASE/file/NAME    a file that PEFT wrote, that xling exported
    in/CASE/output, out/CASE/output          last states or logits of the PeftModel

Weights are drawn by a seed; PEFT writes sets, whose order the hash seed fixes. Metadata: `facts` with the
versions.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import peft
import torch
import transformers
from support.peer_base import BASES, FIXTURES, draw, files_of, output, plain_model, save
from torch import Tensor

ATTENTION = ["query", "value"]
ENCODER = r".*encoder\.layer\.\d+\..*(query|key|value|dense)"
# case -> job, configuration
CASES = {
    "lora_language": ("language", peft.LoraConfig(r=4, lora_alpha=6, target_modules=ATTENTION)),
    "lora_tagging": (
        "tagging",
        peft.LoraConfig(
            task_type="TOKEN_CLS", r=2, use_rslora=True, target_modules=ENCODER, lora_dropout=0.1
        ),
    ),
    "lora_classification": (
        "classification",
        peft.LoraConfig(task_type="SEQ_CLS", r=4, target_modules=ATTENTION, layers_to_transform=[1]),
    ),
    "lora_patterns": (
        "language",
        peft.LoraConfig(
            r=2,
            lora_alpha=5,
            target_modules=["query", "key", "intermediate.dense"],
            rank_pattern={"key": 3, "layer.1.intermediate.dense": 1},
            alpha_pattern={"0.attention.self.key": 7, "intermediate.dense": 2},
        ),
    ),
    "ia3_language": (
        "language",
        peft.IA3Config(target_modules=["key", "value", "output.dense"], feedforward_modules=["output.dense"]),
    ),
    "ia3_tagging": ("tagging", peft.IA3Config(task_type="TOKEN_CLS")),
    "ia3_classification": ("classification", peft.IA3Config(task_type="SEQ_CLS")),
}
BIN = "lora_patterns"  # this one is saved as the older adapter_model.bin


def trained(name: str, job: str, config: Any) -> Any:
    """A PeftModel whose every own weight was moved."""
    model = peft.get_peft_model(plain_model(name, job), config).eval()
    generator = torch.Generator().manual_seed(5)
    own = [
        (key, value) for key, value in model.named_parameters() if "lora_" in key or "modules_to_save" in key
    ]
    draw(own, generator)
    with torch.no_grad():
        for key, value in sorted(model.named_parameters()):
            if "ia3_l" in key:
                value.add_(0.3 * torch.randn(value.shape, generator=generator))
    return model


def given(name: str, folder: Path) -> tuple[Any, str]:
    """An exported folder on the model that its task asks for."""
    case = folder.name
    job = next((job for job in ("tagging", "classification") if case.endswith(job)), "language")
    whole = plain_model(name, "tagging" if job == "language" else job)
    return peft.PeftModel.from_pretrained(whole, str(folder)).eval(), job


def result(model: Any, name: str, job: str) -> Tensor:
    """Last states for a language, logits for a task."""
    inner = model.get_base_model()
    return output(inner.base_model if job == "language" else inner, name)


def record(name: str, exports: Path) -> None:
    """The fixture of one base."""
    tensors = {}
    for case, (job, config) in CASES.items():
        model = trained(name, job, config)
        with tempfile.TemporaryDirectory() as folder:
            model.save_pretrained(folder, safe_serialization=case != BIN)
            tensors |= {f"in/{case}/file/{file}": data for file, data in files_of(Path(folder)).items()}
        tensors[f"in/{case}/output"] = result(model, name, job)
    for folder in sorted((exports / name / "peft").iterdir()):
        tensors |= {f"out/{folder.name}/file/{file}": data for file, data in files_of(folder).items()}
        model, job = given(name, folder)
        tensors[f"out/{folder.name}/output"] = result(model, name, job)
    versions = {library.__name__: library.__version__ for library in (peft, transformers, torch)}
    save(FIXTURES / f"peft_{name}.safetensors", tensors, {"versions": versions})


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
