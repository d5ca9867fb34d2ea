"""The files of this room that hold a kind, and what `--kind` calls it: known before torch is imported."""

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
    "vocabulary": (),
    "head": (),
    "biaffine": (),
}
PRESET_NAMES: Registry[str] = Registry(
    "kind of module", ((name, file) for file, names in FILES.items() for name in names)
)
