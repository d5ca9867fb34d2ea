"""Records what composable-sft computes with its own files and with ours.

Run it in an environment of its own. The library is not on the registry; its `src/sft/sft.py` and
`src/sft/hf_utils.py` from https://github.com/cambridgeltl/composable-sft (29f7872) are read from a folder:

    python -m venv peer && peer/bin/pip install "torch==2.13.0" "transformers==4.57.6"
    PYTHONPATH=tests peer/bin/python tests/interop/record_composable_sft.py --sft FOLDER --exports exports

FOLDER holds `sft/sft.py`, `sft/hf_utils.py` and an empty `sft/__init__.py`; `exports` is what
`export_for_peers.py` wrote. The fixtures `fixtures/composable_sft_BASE.safetensors` hold:

    in/JOB/file            a pytorch_diff.bin that the library wrote, bytes packed by zlib
    in/JOB/output          last states (JOB language) or logits after its own apply()
    out/CASE/file/NAME     a file that xling exported, bytes packed by zlib
    out/CASE/output        the library's outputs after it loaded and applied that file

Weights are drawn by a seed. Metadata: `facts` with the versions.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy
import torch
import transformers
from support.peer_base import BASES, CLASSES, FIXTURES, draw, files_of, output, own, plain_model, save
from torch import Tensor

FILE = "pytorch_diff.bin"
_REAL_LOAD = torch.load


def whole_model(name: str, job: str) -> Any:
    """The model that a sparse fine-tuning names its parameters by: a bare encoder has no prefix."""
    return plain_model(name, "tagging" if job == "language" else job)


def result(model: Any, name: str, job: str) -> Tensor:
    """Last states for a language, logits for a task."""
    return output(model.base_model if job == "language" else model, name)


def made(model: Any, sft: Any, job: str) -> Any:
    """A random sparse fine-tuning of the encoder, with the head where there is a task."""
    generator = torch.Generator().manual_seed(3)
    found = sft.SFT()
    prefix = f"{model.base_model_prefix}."
    for key, value in sorted(model.named_parameters()):
        if key.startswith(prefix) and not own(key.removeprefix(prefix)):
            kept = torch.rand(value.shape, generator=generator) < 0.015
            found.add_param(key, kept * 0.3 * torch.randn(value.shape, generator=generator))
        elif key.startswith(prefix) and job == "classification":  # BERT's pooler is of the encoder here
            found.add_param(key, 0.1 * torch.randn(value.shape, generator=generator))
        elif not key.startswith(prefix) and job != "language":
            head = torch.zeros(value.shape)
            draw([(key, head)], generator)
            found.add_param(key, head, diff=False)
    return found


def record(name: str, sft: Any, exports: Path) -> None:
    """The fixture of one base."""
    tensors = {}
    for job in CLASSES:
        model = whole_model(name, job)
        tuning = made(model, sft, job)
        with tempfile.TemporaryDirectory() as folder:
            tuning.save(folder)
            tensors[f"in/{job}/file"] = files_of(Path(folder))[FILE]
            sft.SFT(folder).apply(model)
        tensors[f"in/{job}/output"] = result(model, name, job)
    for folder in sorted((exports / name / "composable-sft").iterdir()):
        model = whole_model(name, folder.name)
        sft.SFT(str(folder)).apply(model)
        tensors[f"out/{folder.name}/output"] = result(model, name, folder.name)
        tensors |= {f"out/{folder.name}/file/{file}": data for file, data in files_of(folder).items()}
    versions = {library.__name__: library.__version__ for library in (transformers, torch, numpy)}
    facts = {"versions": {**versions, "composable-sft": "29f7872"}}
    save(FIXTURES / f"composable_sft_{name}.safetensors", tensors, facts)


def main() -> None:
    """Record both bases."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sft", type=Path, required=True)
    parser.add_argument("--exports", type=Path, required=True)
    options = parser.parse_args()
    sys.path.insert(0, str(options.sft))
    # the library calls torch.load bare, which no longer reads its own files: here they are our own
    torch.load = lambda *words, **named: _REAL_LOAD(*words, **named, weights_only=False)
    sft = importlib.import_module("sft.sft")
    torch.set_num_threads(1)
    for name in BASES:
        record(name, sft, options.exports)


if __name__ == "__main__":
    main()
