"""Records what the library `adapters` computes, for the parity tests beside this file.

Run it in an environment of its own, since the library pins transformers:

    python -m venv peer && peer/bin/pip install "torch==2.13.0" "adapters==1.3.0"
    PYTHONPATH=tests peer/bin/python tests/interop/record_adapterhub.py

It writes `fixtures/adapterhub_bert.safetensors` and `fixtures/adapterhub_xlm_roberta.safetensors`: a tiny
random base each, random adapters as the library saves them, and the library's outputs. Tensors:

    base/NAME             the encoder's state dict, transformers names
    input_ids, attention_mask
    adapter/A/NAME        adapter A, under the names in the library's own adapter file
    head/NAME             the masked-LM head, under the names in the library's own head file
    hidden/A>>B           last hidden states with A below B active (`none`: no adapter)
    logits/A>>B           logits of the masked-LM head, the invertible adapter undone before the decoder

Metadata: one JSON text under `facts` with `versions`, `config` (of the base), `adapters` (A to the library's
`adapter_config.json`) and `head` (the library's `head_config.json`). The weights are drawn by a seed, so a
second run writes the same bytes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import adapters
import torch
import transformers
from adapters.composition import Stack
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

HIDDEN, LAYERS, PIECES = 16, 2, 60
WEIGHT_STD = 0.2
HEAD = "lm"

SIZES = {
    "vocab_size": PIECES,
    "hidden_size": HIDDEN,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 24,
    "type_vocab_size": 2,
}
BASES = {
    "bert": (transformers.BertConfig, adapters.BertAdapterModel, {"pad_token_id": 0}),
    "xlm_roberta": (
        transformers.XLMRobertaConfig,
        adapters.XLMRobertaAdapterModel,
        {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2},
    ),
}
ADAPTERS = {
    "pfeiffer_a": adapters.SeqBnConfig(reduction_factor=4),
    "pfeiffer_b": adapters.SeqBnConfig(reduction_factor=4),
    "pfeiffer_scaled": adapters.SeqBnConfig(reduction_factor=4, non_linearity="gelu", scaling=0.5),
    "pfeiffer_top_left_out": adapters.SeqBnConfig(reduction_factor=4, leave_out=[LAYERS - 1]),
    "pfeiffer_per_layer": adapters.SeqBnConfig(reduction_factor={"0": 2, "default": 8}),
    "houlsby_a": adapters.DoubleSeqBnConfig(reduction_factor=4),
    "houlsby_b": adapters.DoubleSeqBnConfig(reduction_factor=4),
    "parallel": adapters.ParBnConfig(reduction_factor=4),
    "madx_a": adapters.SeqBnInvConfig(reduction_factor=2),
    "madx_b": adapters.SeqBnInvConfig(reduction_factor=2, inv_adapter_reduction_factor=4),
}
SETUPS = (
    *((name,) for name in ADAPTERS),
    ("pfeiffer_a", "pfeiffer_b"),
    ("houlsby_a", "houlsby_b"),
    ("houlsby_a", "pfeiffer_a"),
    ("pfeiffer_a", "houlsby_a"),
    ("madx_a", "pfeiffer_a"),
    ("madx_b", "pfeiffer_top_left_out"),
    ("pfeiffer_top_left_out", "pfeiffer_b"),
    ("madx_a", "pfeiffer_a", "houlsby_a"),
)
MLM_SETUPS = (("madx_a",), ("madx_b",), ("madx_a", "pfeiffer_a"))


def draw(named: Iterable[tuple[str, Tensor]], std: float, generator: torch.Generator) -> None:
    """Fill tensors, biases too, from N(0, std); weights of norms from N(1, std)."""
    with torch.no_grad():
        for name, value in sorted(named):
            value.copy_(std * torch.randn(value.shape, generator=generator))
            if "norm" in name.lower() and name.endswith("weight"):
                value += 1.0


def inputs(pad: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Three rows of 9, 6 and 3 pieces, padded on the right."""
    mask = torch.tensor([[1] * length + [0] * (9 - length) for length in (9, 6, 3)])
    ids = torch.randint(3, PIECES, mask.shape, generator=generator)
    return torch.where(mask.bool(), ids, pad), mask


def saved(model: nn.Module, name: str) -> tuple[dict[str, Tensor], dict]:
    """An adapter as the library writes it: tensors and `adapter_config.json`."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_adapter(folder, name, with_head=False, use_safetensors=True)
        config = json.loads((Path(folder) / "adapter_config.json").read_text())
        return load_file(Path(folder) / "adapter.safetensors"), config


def saved_head(model: nn.Module) -> tuple[dict[str, Tensor], dict]:
    """The masked-LM head as the library writes it."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_head(folder, HEAD, use_safetensors=True)
        config = json.loads((Path(folder) / "head_config.json").read_text())
        return load_file(Path(folder) / "model_head.safetensors"), config


def build(name: str, generator: torch.Generator) -> nn.Module:
    """A random base of the library's own model class with a masked-LM head and every adapter."""
    config_class, model_class, special = BASES[name]
    model = model_class(config_class(**SIZES, **special))
    model.add_masked_lm_head(HEAD)
    draw(model.named_parameters(), WEIGHT_STD, generator)
    for adapter, config in ADAPTERS.items():
        model.add_adapter(adapter, config=config)
        own = [(key, value) for key, value in model.named_parameters() if f".{adapter}." in key]
        draw(own, WEIGHT_STD, generator)
    return model.eval()


@torch.no_grad()
def outputs(model: nn.Module, ids: Tensor, mask: Tensor) -> dict[str, Tensor]:
    """What the library computes for every setup."""
    found = {}
    for setup in ((), *SETUPS):
        model.active_adapters = Stack(*setup) if setup else None
        states = model.base_model(input_ids=ids, attention_mask=mask).last_hidden_state
        found[f"hidden/{'>>'.join(setup) or 'none'}"] = states
        if setup in ((), *MLM_SETUPS):
            logits = model(input_ids=ids, attention_mask=mask, head=HEAD).logits
            found[f"logits/{'>>'.join(setup) or 'none'}"] = logits
    return found


def record(name: str, folder: Path) -> Path:
    """Write the fixture of one base."""
    generator = torch.Generator().manual_seed(20)
    model = build(name, generator)
    ids, mask = inputs(model.config.pad_token_id, generator)
    base = {
        key: value
        for key, value in model.base_model.state_dict().items()
        if key.startswith(("embeddings.", "encoder."))
        and value.is_floating_point()
        and ".adapters." not in key
    }
    tensors = {f"base/{key}": value for key, value in base.items()}
    tensors |= {"input_ids": ids, "attention_mask": mask, **outputs(model, ids, mask)}
    configs = {}
    for adapter in ADAPTERS:
        weights, configs[adapter] = saved(model, adapter)
        tensors |= {f"adapter/{adapter}/{key}": value for key, value in weights.items()}
    head, head_config = saved_head(model)
    tensors |= {f"head/{key}": value for key, value in head.items()}
    versions = {library.__name__: library.__version__ for library in (adapters, transformers, torch)}
    config_class, _, special = BASES[name]
    config = config_class(**SIZES, **special).to_diff_dict()
    facts = {"versions": versions, "config": config, "adapters": configs, "head": head_config}
    path = folder / f"adapterhub_{name}.safetensors"
    plain = {key: value.detach().contiguous().clone() for key, value in tensors.items()}
    save_file(plain, path, metadata={"facts": json.dumps(facts, sort_keys=True)})
    return path


def main(record: Callable[[str, Path], Path], about: str | None) -> None:
    """Record both bases. about: what is recorded, for `--help`."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "fixtures")
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for name in BASES:
        path = record(name, folder)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(record, __doc__)
