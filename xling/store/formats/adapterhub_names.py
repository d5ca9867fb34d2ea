"""Where the library `adapters` keeps the tensors of an adapter, by our names for them."""

from __future__ import annotations

from collections.abc import Mapping

from xling.bases.base import Base
from xling.errors import InputError
from xling.modules.config import PartConfig
from xling.sites import Place
from xling.store.formats.format import Tensors
from xling.store.formats.names import bare

# The module of a layer that holds the adapters of a place, by family; others are plugged in elsewhere.
_BERT: Mapping[Place, str] = {"after_attention": "attention.output", "after_ffn": "output"}
_HOSTS: Mapping[str, Mapping[Place, str]] = {
    "bert": _BERT,
    "roberta": _BERT,
    "distilbert": {"after_attention": "attention_adapters", "after_ffn": "output_adapters"},
}
_LEGACY = {
    "attention_text_task_adapters": "adapters",
    "attention_text_lang_adapters": "adapters",
    "layer_text_task_adapters": "adapters",
    "layer_text_lang_adapters": "adapters",
    "invertible_lang_adapters": "invertible_adapters",
}
_PROJECTIONS = {"down": "adapter_down.0", "up": "adapter_up"}
_COUPLINGS = {"f.into": "F.0", "f.out": "F.2", "g.into": "G.0", "g.out": "G.2"}
_LEAVES = ("weight", "bias")


def hosts_of(base: Base) -> Mapping[Place, str]:
    """Where a layer of this base holds adapters; InputError for a family that is not mapped."""
    if base.family.name not in _HOSTS:
        raise InputError(
            f"adapters of {base.family.name} bases are not mapped", where="--format", choices=_HOSTS
        )
    return _HOSTS[base.family.name]


def bottleneck_names(config: PartConfig, base: Base, name: str) -> dict[str, str]:
    """The tensors of a bottleneck part, ours to theirs (without the prefix of the whole model)."""
    options, hosts = config.model_dump(), hosts_of(base)
    absent = {layer % base.shape.layers for layer in options["leave_out"]}
    return {
        f"at.{layer}/{place}.{own}.{leaf}": (
            f"{base.family.layers}.{layer}.{hosts[place]}.adapters.{name}.{theirs}.{leaf}"
        )
        for layer in range(base.shape.layers)
        if layer not in absent
        for place in options["places"]
        for own, theirs in _PROJECTIONS.items()
        for leaf in _LEAVES
    }


def invertible_names(name: str) -> dict[str, str]:
    """The tensors of an invertible block, ours to theirs."""
    return {
        f"{own}.{leaf}": f"invertible_adapters.{name}.{theirs}.{leaf}"
        for own, theirs in _COUPLINGS.items()
        for leaf in _LEAVES
    }


def renamed(tensors: Tensors, base: Base) -> Tensors:
    """The tensors without the whole model's prefix, under the names of today."""
    found: Tensors = {}
    for name, value in tensors.items():
        steps = bare(name, base).split(".")
        found[".".join(_LEGACY.get(step, step) for step in steps)] = value
    return found
