"""Translating the settings of an adapter in the library `adapters` to our configurations, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xling.bases.base import Base
from xling.errors import InputError
from xling.modules.kind import Nonlinearity, PartConfig
from xling.sites import EncoderShape
from xling.store.formats.format import positive, refuse_options
from xling.store.formats.weights_and_sites import Factors

_NONLINEARITIES: Mapping[str, Nonlinearity] = {
    "relu": "relu",
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "swish": "silu",
    "silu": "silu",
    "tanh": "tanh",
}
NONLINEARITY_NAMES: Mapping[Nonlinearity, str] = {
    "relu": "relu",
    "gelu": "gelu",
    "gelu_tanh": "gelu_new",
    "silu": "swish",
    "tanh": "tanh",
}
_BEFORE_VERSIONS = {"gelu": "gelu_new", "gelu_orig": "gelu"}

# Settings that are read below, matter in training only, or matter only beside others that are refused.
_FREE = (
    *("architecture", "dropout", "stochastic_depth", "init_weights", "init_weights_seed", "leave_out"),
    *("adapter_residual_before_ln", "inv_adapter", "inv_adapter_reduction_factor", "is_parallel"),
    *("mh_adapter", "output_adapter", "non_linearity", "original_ln_before", "reduction_factor", "scaling"),
    *("factorized_phm_W", "factorized_phm_rule", "hypercomplex_nonlinearity", "learn_phm", "phm_bias"),
    *("phm_c_init", "phm_dim", "phm_init_range", "phm_rank", "shared_W_phm", "shared_phm_rule"),
)
_LORA_FREE = (
    *("architecture", "attn_matrices", "selfattn_lora", "intermediate_lora", "output_lora", "leave_out"),
    *("r", "alpha", "dropout", "init_weights", "init_weights_seed", "dtype"),
)
_MATRICES = {"attention.query": "q", "attention.key": "k", "attention.value": "v"}
_NEEDED = ("mh_adapter", "output_adapter", "reduction_factor", "non_linearity")


def modernised(facts: Mapping[str, Any], *, where: Path) -> dict[str, Any]:
    """Return the settings of an adapter with today's names and meanings."""
    settings = facts.get("config")
    if not isinstance(settings, Mapping):
        raise InputError(f"its config is {settings!r}, and all settings are needed", where=where)
    found = {**settings}
    if found.get("architecture") not in (None, "lora"):
        raise InputError(f"xling has no equal for architecture = {found['architecture']!r}", where=where)
    nested = found.pop("invertible_adapter", None)
    if isinstance(nested, Mapping):
        found["inv_adapter"] = nested.get("block_type")
        found["inv_adapter_reduction_factor"] = nested.get("reduction_factor")
    version = facts.get("version")
    if version is None:
        own = found.get("non_linearity")
        found["non_linearity"] = _BEFORE_VERSIONS.get(str(own), own)
    elif _faulty_scaling(str(version)) and "r" in found:
        found["alpha"] = found["r"]
    return found


def bottleneck_options(settings: Mapping[str, Any], layers: int, *, where: Path) -> list[dict[str, Any]]:
    """Return the options of our bottleneck parts, one part for each reduction factor.

    Raises InputError for a setting that we cannot represent.
    """
    missing = [name for name in _NEEDED if name not in settings]
    if missing:
        raise InputError(f"its config does not say {missing[0]}", where=where)
    apart = settings.get("is_parallel", False) or not settings.get("original_ln_before", False)
    neutral = {"original_ln_after": (True,), "residual_before_ln": (True, False) if apart else (True,)}
    refuse_options(settings, neutral, _FREE, where=where)
    if isinstance(settings.get("scaling", 1.0), str | bool):
        raise InputError(f"xling has no equal for scaling = {settings['scaling']!r}", where=where)
    reads = "normed" if settings.get("original_ln_before", False) else "sublayer"
    places = [
        place
        for place, key in (("after_attention", "mh_adapter"), ("after_ffn", "output_adapter"))
        if settings[key]
    ]
    shared = {
        "kind": "bottleneck",
        "nonlinearity": nonlinearity(settings["non_linearity"], where=where),
        "places": places,
        "reads": "residual" if settings.get("is_parallel", False) else reads,
        "scaling": settings.get("scaling", 1.0),
    }
    return [
        {**shared, "reduction_factor": factor, "leave_out": sorted(set(range(layers)) - own)}
        for factor, own in _layers_by_factor(settings, layers, where).items()
        if places
    ]


def invertible_options(settings: Mapping[str, Any], *, where: Path) -> dict[str, Any] | None:
    """Return the options of our invertible part, or None if there is none."""
    kind = settings.get("inv_adapter")
    if not kind:
        return None
    if kind != "nice":
        raise InputError(f"xling has no equal for inv_adapter = {kind!r}", where=where)
    return {
        "kind": "invertible",
        "reduction_factor": settings.get("inv_adapter_reduction_factor"),
        "nonlinearity": nonlinearity(settings["non_linearity"], where=where),
    }


def lora_alpha(settings: Mapping[str, Any], *, where: Path) -> tuple[int | float, float]:
    """Return the rank and alpha of LoRA.

    Raises InputError for a setting that we cannot represent.
    """
    if settings.get("composition_mode", "add") != "add":
        raise InputError(
            f"xling has no equal for composition_mode = {settings['composition_mode']!r}: the (IA)3 of "
            "adapters scales before the activation, that of xling and PEFT after it",
            where=where,
        )
    refuse_options(settings, {"composition_mode": ("add",)}, _LORA_FREE, where=where)
    rank, alpha = (
        positive(value, f"{name} = {value!r}", where=where)
        for name, value in (("r", settings.get("r", 8)), ("alpha", settings.get("alpha", 8)))
    )
    return rank, float(alpha)


def nonlinearity(name: Any, *, where: Path) -> Nonlinearity:
    """Return our name of one of their non-linearities.

    Raises InputError for one that we do not have.
    """
    found = _NONLINEARITIES.get(str(name).lower())
    if found is None:
        raise InputError(
            f"xling has no equal for the non-linearity {name!r}", where=where, choices=_NONLINEARITIES
        )
    return found


def bottleneck_settings(configs: Sequence[PartConfig], shape: EncoderShape) -> dict[str, Any]:
    """Return their settings of our bottleneck parts and, if there is one, our invertible part.

    Raises InputError when they cannot represent them.
    """
    options = [config.model_dump() for config in configs]
    parts = [own for own in options if own["kind"] == "bottleneck"]
    blocks = [own for own in options if own["kind"] == "invertible"]
    first = parts[0]
    if first["stacking"] != "adapterhub":
        raise _refusal(f"stacking = {first['stacking']!r}, another rule for residuals")
    for own in parts[1:]:
        if any(own[key] != first[key] for key in ("nonlinearity", "places", "reads", "scaling", "stacking")):
            raise _refusal("bottlenecks that differ in more than their reduction factor")
    if len(blocks) > 1 or any(own["nonlinearity"] != first["nonlinearity"] for own in blocks):
        raise _refusal("an invertible block with a non-linearity of its own")
    pairs = [
        (layer, own["reduction_factor"]) for own in parts for layer in shape.layers_but(own["leave_out"])
    ]
    factors = dict(sorted(pairs))
    if len(factors) < len(pairs):
        raise _refusal("two bottlenecks in one layer")
    same = len(parts) == 1
    return {
        **_DEFAULTS,
        "mh_adapter": "after_attention" in first["places"],
        "output_adapter": "after_ffn" in first["places"],
        "reduction_factor": first["reduction_factor"] if same else {str(n): f for n, f in factors.items()},
        "non_linearity": NONLINEARITY_NAMES[first["nonlinearity"]],
        "original_ln_before": first["reads"] == "normed",
        "is_parallel": first["reads"] == "residual",
        "scaling": float(first["scaling"]),
        "leave_out": shape.layers_but(factors),
        "inv_adapter": "nice" if blocks else None,
        "inv_adapter_reduction_factor": blocks[0]["reduction_factor"] if blocks else None,
    }


def lora_settings(found: Mapping[str, Factors], base: Base) -> dict[str, Any]:
    """Return their settings of our LoRA parts.

    Raises InputError when they cannot represent them.
    """
    places = {place for place, site in base.shape.linear.items() if site.weight in found}
    layers, names = {layer for layer, _ in places}, {name for _, name in places}
    unknown = sorted(names - {*_MATRICES, "ffn.up", "ffn.down"})
    if unknown:
        raise _refusal(f"LoRA at {unknown[0]}")
    ranks = {(own.rank, own.alpha * (own.rank**0.5 if own.stabilised else 1)) for own in found.values()}
    if len(ranks) > 1 or len(places) != len(layers) * len(names):
        raise _refusal("LoRA whose rank, scale or sites differ between layers")
    rank, alpha = ranks.pop()
    matrices = [letter for name, letter in _MATRICES.items() if name in names]
    return {
        "architecture": "lora",
        "selfattn_lora": bool(matrices),
        "attn_matrices": matrices,
        "intermediate_lora": "ffn.up" in names,
        "output_lora": "ffn.down" in names,
        "leave_out": base.shape.layers_but(layers),
        "r": rank,
        "alpha": int(alpha) if alpha == int(alpha) else alpha,
        "dropout": 0.0,
        "composition_mode": "add",
        "init_weights": "lora",
        "init_weights_seed": None,
        "use_gating": False,
        "use_dora": False,
        "vera_d": None,
        "vera_b": None,
        "dtype": None,
    }


_DEFAULTS: Mapping[str, Any] = {
    "original_ln_after": True,
    "residual_before_ln": True,
    "adapter_residual_before_ln": False,
    "ln_before": False,
    "ln_after": False,
    "use_gating": False,
    "cross_adapter": False,
    "dropout": 0.0,
    "stochastic_depth": 0.0,
    "init_weights": "bert",
    "init_weights_seed": None,
    "phm_layer": False,
}


def _faulty_scaling(version: str) -> bool:
    """Return whether the release trained LoRA with scale 1 whatever its settings say, as before 1.1.0."""
    match = re.match(r"adapters\.(\d+)\.(\d+)", version)
    return match is not None and (int(match[1]), int(match[2])) < (1, 1)


def _layers_by_factor(settings: Mapping[str, Any], layers: int, where: Path) -> dict[float, set[int]]:
    factors, absent = settings["reduction_factor"], settings.get("leave_out") or []
    if not isinstance(absent, list):
        raise InputError(f"leave_out = {absent!r} is no list of layers", where=where)
    found: dict[float, set[int]] = {}
    for layer in (layer for layer in range(layers) if layer not in absent):
        own = factors.get(str(layer), factors.get("default")) if isinstance(factors, Mapping) else factors
        if isinstance(own, bool) or not isinstance(own, int | float):
            raise InputError(f"reduction_factor = {own!r} of layer {layer} is no number", where=where)
        found.setdefault(float(own), set()).add(layer)
    return found


def _refusal(what: str) -> InputError:
    return InputError(f"the format adapterhub has no equal for {what}", where="--format")
