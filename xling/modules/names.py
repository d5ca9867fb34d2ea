"""The files that define kinds, with the values of `--kind` for each; this file does not import torch."""

from __future__ import annotations

from collections.abc import Mapping

from xling.registry import Registry

FILES: Mapping[str, tuple[str, ...]] = {
    "bottleneck": ("bottleneck", "houlsby", "parallel"),
    "sparse_bottleneck": ("large-sparse",),
    "invertible": ("madx",),
    "full": ("full",),
    "sparse": ("lt-sft",),
    "lora": ("lora",),
    "ia3": ("ia3",),
    "flare": ("flare",),
    "vocabulary": (),
    "lexicon": (),
    "head": ("head",),
    "centre": ("centre",),
    "biaffine": (),
    "fusion": ("fusion",),
    "scalearn": ("scalearn", "scalearn-uniform", "scalearn++", "scalearn-uniform++"),
    "learned_mean": ("learned-mean",),
    "gate": ("gate",),
    "hypernetwork": ("hyper-x", "hyper-adapter", "hyperformer++"),
}
MADE = ("lexicon",)  # kinds of language modules that are made without a training
PRESET_NAMES: Registry[str] = Registry(
    "kind of module", ((name, file) for file, names in FILES.items() for name in names)
)
