"""The modules of ours that peers were given to open, and bases made of the recorded ones."""

from __future__ import annotations

import io
import json
import zlib
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load
from torch import Tensor

from support.making import facts
from support.tiny import save_tokenizer
from xling.bases.base import Base, load_base
from xling.composition.composed import Composition
from xling.modules.bottleneck import BottleneckConfig
from xling.modules.head import HeadConfig
from xling.modules.ia3 import IA3Config
from xling.modules.invertible import InvertibleConfig
from xling.modules.kind import PartConfig
from xling.modules.lora import LoraConfig
from xling.modules.module import Module
from xling.modules.sparse import SparseConfig
from xling.sites import PLACES
from xling.tasks.registry import task_named

FIXTURES = Path(__file__).parents[1] / "interop/fixtures"
TOLERANCE = 1e-5
BASES = ("bert", "xlm_roberta")
LABELS = ("O", "B-X", "I-X")
_EVERY = ("attention.query", "attention.key", "attention.value", "attention.output", "ffn.up", "ffn.down")
_FLEX = HeadConfig(outputs=3, pooling="first", dense="gelu")

# format -> case -> task (None: a language module), parts without the head, head where it is no plain one
CASES: dict[str, dict[str, tuple[str | None, tuple[PartConfig, ...], HeadConfig | None]]] = {
    "composable-sft": {
        "language": (None, (SparseConfig(k=150),), None),
        "tagging": ("tagging", (SparseConfig(k=100, freeze_norms=False),), None),
        "classification": ("classification", (SparseConfig(k=100),), None),
    },
    "peft": {
        "lora": (None, (LoraConfig(rank=4, alpha=6.0),), None),
        "lora_everywhere": (
            None,
            (LoraConfig(rank=2, alpha=4.0, rank_stabilised=True, sites=_EVERY, leave_out=(0,)),),
            None,
        ),
        "lora_ranks": (
            None,
            (LoraConfig(rank=2, alpha=3.0), LoraConfig(rank=4, sites=("ffn.down",), leave_out=(1,))),
            None,
        ),
        "lora_tagging": ("tagging", (LoraConfig(rank=4),), None),
        "lora_classification": ("classification", (LoraConfig(rank=4),), None),
        "ia3": (None, (IA3Config(),), None),
        "ia3_everywhere": (
            None,
            (IA3Config(outputs=_EVERY[:3], inputs=("attention.output", "ffn.down"), leave_out=(1,)),),
            None,
        ),
        "ia3_tagging": ("tagging", (IA3Config(),), None),
    },
    "adapterhub": {
        "bottleneck": (
            None,
            (BottleneckConfig(reduction_factor=4, scaling=0.5, nonlinearity="gelu_tanh"),),
            None,
        ),
        "madx": (None, (BottleneckConfig(reduction_factor=2), InvertibleConfig(reduction_factor=4)), None),
        "houlsby": (
            "tagging",
            (BottleneckConfig(reduction_factor=4, places=PLACES, reads="sublayer", nonlinearity="silu"),),
            None,
        ),
        "parallel": (
            "classification",
            (BottleneckConfig(reduction_factor=4, reads="residual", scaling=4.0, leave_out=(0,)),),
            _FLEX,
        ),
        "factors": (
            None,
            (
                BottleneckConfig(reduction_factor=2, leave_out=(1,)),
                BottleneckConfig(reduction_factor=8, leave_out=(0,)),
            ),
            None,
        ),
        "lora": (
            "tagging",
            (LoraConfig(rank=4, alpha=6.0, sites=(*_EVERY[:2], *_EVERY[4:])),),
            HeadConfig(outputs=3, dense="tanh"),
        ),
    },
}  # fmt: skip


def read_fixture(path: Path) -> tuple[dict[str, Tensor], dict]:
    """Tensors and facts."""
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, json.loads(file.metadata()["facts"])


def recorded_base(name: str, folder: Path) -> tuple[Base, tuple[Tensor, Tensor]]:
    """A base of the fixtures with its pooler, opened from a folder, and the batch (ids, mask)."""
    from support.peer_base import opened, plain_model

    model = plain_model(name, "language")
    model.save_pretrained(folder)
    save_tokenizer(folder)
    return replace(load_base(folder), id=f"tiny/{name}"), opened(name)[2]


def module_of(base: Base, format: str, case: str) -> Module:
    """The module of a case, the same in every run."""
    task, configs, head = CASES[format][case]
    named = {"task": task, "labels": LABELS, "source": "eng"} if task else {"language": "swh"}
    if task:
        configs = (*configs, head or task_named(task).head(LABELS, base))
    # releases of transformers order parameters differently, and sparse entries are drawn in their order
    shape = replace(base.shape, parameters=dict(sorted(base.shape.parameters.items())))
    module = Module.fresh(configs, shape, facts(base, **named))
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for value in (value for network in module.networks for value in network.parameters()):
            value.add_(0.2 * torch.randn(value.shape, generator=generator))
    return module


def unpacked(value: Tensor) -> bytes:
    """The bytes of a recorded file."""
    return zlib.decompress(value.numpy().tobytes())


def content(name: str, data: bytes):
    """What a file says, whatever its bytes are: JSON, named tensors, a sparse fine-tuning."""
    if name.endswith(".json"):
        return json.loads(data)
    if name.endswith(".safetensors"):
        return load(data)
    return torch.load(io.BytesIO(data), weights_only=True)


def equal(one, other) -> bool:
    """Equality that looks into tensors."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(value, other[key]) for key, value in one.items())
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    return one == other


def recorded_bases(fixture: str, factory) -> dict[str, tuple]:
    """Base, batch and what a peer computed, by the base's name. factory: pytest's `tmp_path_factory`."""
    found = {}
    for name in BASES:
        base, batch = recorded_base(name, factory.mktemp(name))
        found[name] = base, batch, read_fixture(FIXTURES / f"{fixture}_{name}.safetensors")[0]
    return found


def unpack(tensors: dict[str, Tensor], case: str, folder: Path) -> Path:
    """Write a case's recorded files into a folder."""
    prefix = f"in/{case}/file/"
    folder.mkdir(exist_ok=True)
    for key, value in tensors.items():
        if key.startswith(prefix):
            (folder / key.removeprefix(prefix)).write_bytes(unpacked(value))
    return folder


def computed(base, module, batch, job):
    composition = Composition(base, [module])
    with torch.no_grad():
        return composition(*batch) if job is None else composition.scores(*batch)


def furthest(ours, theirs):
    assert ours.shape == theirs.shape
    return (ours - theirs).abs().max().item()
