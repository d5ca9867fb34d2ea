"""The tiny bases of the fixtures for scripts that record what peers compute; needs no xling.

The encoders are those of `fixtures/adapterhub_*.safetensors`; poolers and heads are drawn by a seed.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

FIXTURES = Path(__file__).parents[1] / "interop/fixtures"
BASES = ("bert", "xlm_roberta")
OUTPUTS = 3
CLASSES = {
    "language": "AutoModel",
    "tagging": "AutoModelForTokenClassification",
    "classification": "AutoModelForSequenceClassification",
}


def opened(name: str) -> tuple[dict[str, Any], dict[str, Tensor], tuple[Tensor, Tensor]]:
    """Configuration, encoder and batch (ids, mask) of a base."""
    with safe_open(FIXTURES / f"adapterhub_{name}.safetensors", framework="pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}
        config = json.loads(file.metadata()["facts"])["config"]
    weights = {k.removeprefix("base/"): v for k, v in tensors.items() if k.startswith("base/")}
    return config, weights, (tensors["input_ids"], tensors["attention_mask"])


def plain_model(name: str, job: str) -> Any:
    """The transformers model of a job ("language", "tagging", "classification") around a base."""
    return filled(getattr(transformers, CLASSES[job]).from_config(settings_of(name)), name)


def settings_of(name: str) -> Any:
    """The configuration of a base as transformers holds it."""
    return transformers.AutoConfig.for_model(**opened(name)[0], num_labels=OUTPUTS)


def filled(model: Any, name: str) -> Any:
    """The same model with the base's encoder; what is no part of it is drawn by a seed."""
    model.base_model.load_state_dict(opened(name)[1], strict=False)
    generator = torch.Generator().manual_seed(7)
    draw([(key, value) for key, value in model.named_parameters() if own(key)], generator)
    return model.eval()


def own(name: str) -> bool:
    """Whether a parameter is no part of the bare encoder: a head's or the pooler's."""
    return "pooler" in name or not any(inside in f".{name}" for inside in (".embeddings.", ".encoder."))


def draw(named: list[tuple[str, Tensor]], generator: torch.Generator, std: float = 0.2) -> None:
    """Fill tensors from N(0, std), a pooler first: its values are the same beside any head."""
    with torch.no_grad():
        for _, value in sorted(named, key=lambda item: ("pooler" not in item[0], item[0])):
            value.copy_(std * torch.randn(value.shape, generator=generator))


@torch.no_grad()
def output(model: nn.Module, name: str) -> Tensor:
    """Logits, or last states where the model has no head."""
    _, _, (ids, mask) = opened(name)
    found = model(input_ids=ids, attention_mask=mask)
    return found.logits if hasattr(found, "logits") else found.last_hidden_state


def files_of(folder: Path) -> dict[str, Tensor]:
    """The bytes of a folder's files by name, packed by zlib, but for what is written for people."""
    found = sorted(path for path in folder.iterdir() if path.name != "README.md")
    packed = {path.name: bytearray(zlib.compress(path.read_bytes(), 9)) for path in found}
    return {name: torch.frombuffer(data, dtype=torch.uint8) for name, data in packed.items()}


def save(path: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write a fixture, and say how large it is."""
    plain = {key: value.detach().contiguous().clone() for key, value in tensors.items()}
    save_file(plain, path, metadata={"facts": json.dumps(facts, sort_keys=True)})
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
