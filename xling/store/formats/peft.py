"""PEFT's folders: LoRA and (IA)3, with a classifier if one was trained beside them.

A tensor's name is `base_model.model.` and the path of the weight it changes. Ranks and scalings are in
`adapter_config.json`. Which weights are changed follows from the tensors.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from xling.bases.base import Base
from xling.errors import InputError
from xling.modules.head import HeadConfig
from xling.modules.module import Module
from xling.store.formats.format import (
    Format,
    Found,
    ImportRequest,
    Tensors,
    as_json,
    as_weights,
    bare,
    only,
    positive,
    prefix_of,
    refuse_options,
)
from xling.store.formats.heads import plain_head, read_head
from xling.store.formats.safe_reading import read_json, read_tensors, wanted_file
from xling.store.formats.weights_and_sites import Factors, factors_of, lora_parts, scale_parts, scales_of

NAME, CONFIG, WEIGHTS = "peft", "adapter_config.json", "adapter_model.safetensors"
_ROOT = "base_model.model."
_DEFAULT = 8  # the default of r and of lora_alpha
_CHANGE = re.compile(r"(.+)\.(?:(lora_[AB])\.weight|(ia3_l))")
_FOREIGN = re.compile(r"lora_|ia3_|token_adapter|base_layer|prompt_|modules_to_save\.")
_TASK_TYPES = {"none": "TOKEN_CLS", "first": "SEQ_CLS", "mean": "SEQ_CLS"}  # by the pooling of the head

# Options that are read below, that name weights (the tensors name them too), or that matter in training only.
_FREE = (
    *("auto_mapping", "base_model_name_or_path", "revision", "inference_mode", "peft_type", "peft_version"),
    *("task_type", "target_modules", "exclude_modules", "layers_pattern", "layers_to_transform"),
    *("modules_to_save", "feedforward_modules", "init_ia3_weights", "megatron_core", "runtime_config"),
    *("r", "lora_alpha", "lora_dropout", "use_rslora", "rank_pattern", "alpha_pattern", "eva_config"),
    *("qalora_group_size", "ensure_weight_tying"),
)
# Other initialisations change the base too, and the file does not hold the changed base.
_BEGINNINGS = (True, False, None, "gaussian", "eva", "orthogonal")
_NEUTRAL = {"bias": ("none", None), "init_lora_weights": _BEGINNINGS}


def read(folder: Path, request: ImportRequest) -> Found:
    """Return the LoRA or (IA)3 parts and, for a task module, the head.

    Raises InputError when the files do not fit the request or cannot be represented.
    """
    path = wanted_file(folder, [CONFIG], NAME)
    weights = wanted_file(folder, [WEIGHTS, "adapter_model.bin"], NAME)
    config = read_json(path)
    if config.get("peft_type") not in ("LORA", "IA3"):
        raise InputError(
            f"xling has no equal for peft_type = {config.get('peft_type')!r}", where=path, hint="LORA or IA3"
        )
    refuse_options(config, _NEUTRAL, _FREE, where=path)
    changes, plain = _sorted_out(read_tensors(weights), request.base, weights)
    if config["peft_type"] == "LORA":
        factors = {
            bare(name, request.base): _factors(name, own, config, path) for name, own in changes.items()
        }
        parts = lora_parts(factors, request.base, where=weights)
    else:
        scales = {bare(name, request.base): _only_scale(name, own, weights) for name, own in changes.items()}
        parts = scale_parts(scales, request.base, where=weights)
    if not parts:
        raise InputError("it changes nothing", where=weights)
    head, labels = read_head(plain, request, where=weights)
    return Found((*parts, *head), labels, (path, weights))


def write(module: Module, base: Base, name: str) -> Mapping[str, bytes]:
    """Return the files that `PeftModel.from_pretrained` reads on top of a whole model of the base.

    Raises InputError when the format cannot represent the module.
    """
    only(module, ("lora", "ia3", "head"), NAME)
    kinds = {part.config.kind for part in module.parts} - {"head"}
    if len(kinds) != 1:
        raise InputError(f"{NAME} holds LoRA or (IA)3, and this module has both or none", where="--format")
    head, scores = plain_head(module, base, NAME), module.part("head")
    pooling = scores.config.pooling if scores and isinstance(scores.config, HeadConfig) else None
    options, changes = _lora_files(module, base) if kinds == {"lora"} else _ia3_files(module, base)
    saved = sorted({bare(path, base).partition(".")[0] for path in head})
    config = {
        "base_model_name_or_path": base.id,
        "revision": base.revision,
        "task_type": None if pooling is None else _TASK_TYPES[pooling],
        "inference_mode": True,
        "fan_in_fan_out": False,
        "modules_to_save": saved or None,
        **options,
    }
    tensors = {f"{_ROOT}{prefix_of(base)}{path}": value for path, value in changes.items()}
    tensors |= {_ROOT + path: value for path, value in head.items()}
    return {CONFIG: as_json(config), WEIGHTS: as_weights(tensors, {"format": "pt"})}


def _sorted_out(tensors: Tensors, base: Base, path: Path) -> tuple[dict[str, Tensors], Tensors]:
    """Return the changes by weight name, prefix included, and the whole tensors of a head."""
    changes: dict[str, Tensors] = {}
    plain: Tensors = {}
    for name, value in tensors.items():
        inner = name.removeprefix(_ROOT)
        if match := _CHANGE.fullmatch(inner):
            changes.setdefault(f"{match[1]}.weight", {})[match[2] or match[3]] = value
        elif inner == name or _FOREIGN.search(inner) or bare(inner, base) in base.shape.parameters:
            raise InputError(f"xling has no equal for the tensor {name}", where=path)
        else:
            plain[inner] = value
    return changes, plain


def _factors(name: str, own: Tensors, config: Mapping[str, Any], path: Path) -> Factors:
    """Return A and B of a weight with the scaling that the configuration gives it."""
    if own.keys() != {"lora_A", "lora_B"}:
        raise InputError(f"it has no lora_A and lora_B for {name}", where=path)
    rank = _setting(config, name, general="r", patterns="rank_pattern", path=path)
    alpha = _setting(config, name, general="lora_alpha", patterns="alpha_pattern", path=path)
    if len(own["lora_A"]) != rank:
        raise InputError(f"r = {rank} for {name}, and its lora_A has {len(own['lora_A'])} rows", where=path)
    return Factors(
        down=own["lora_A"], up=own["lora_B"], alpha=float(alpha), stabilised=bool(config.get("use_rslora"))
    )


def _setting(config: Mapping[str, Any], name: str, *, general: str, patterns: str, path: Path) -> int | float:
    """Return a number for a weight: that of the first pattern that ends its path, else the general one."""
    value, module = config.get(general, _DEFAULT), name.removesuffix(".weight")
    for key, own in reversed((config.get(patterns) or {}).items()):
        if not re.fullmatch(r"[\w.]+", key):
            raise InputError(f"{patterns} has {key!r}, and only plain module names are read", where=path)
        if f".{module}".endswith(f".{key}"):
            value = own
    return positive(value, f"{general} = {value!r} for {name}", where=path)


def _only_scale(name: str, own: Tensors, path: Path) -> Tensor:
    if own.keys() != {"ia3_l"}:
        raise InputError(f"it has no ia3_l for {name}", where=path)
    return own["ia3_l"]


def _lora_files(module: Module, base: Base) -> tuple[dict[str, Any], Tensors]:
    """Return settings, and tensors by path. Rarer ranks and alphas go into the patterns of the settings."""
    found = factors_of(module, base)
    mixed = len({own.stabilised for own in found.values()}) > 1
    alphas = {name: _alpha(own, plain=mixed) for name, own in found.items()}
    rank = Counter(own.rank for own in found.values()).most_common(1)[0][0]
    alpha = Counter(alphas.values()).most_common(1)[0][0]
    paths = {name: name.removesuffix(".weight") for name in found}
    options = {
        "peft_type": "LORA",
        "r": rank,
        "lora_alpha": alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "use_rslora": not mixed and all(own.stabilised for own in found.values()),
        "target_modules": list(paths.values()),
        "rank_pattern": {paths[name]: own.rank for name, own in found.items() if own.rank != rank},
        "alpha_pattern": {paths[name]: own for name, own in alphas.items() if own != alpha},
    }
    tensors = {f"{paths[name]}.lora_A.weight": own.down for name, own in found.items()}
    return options, tensors | {f"{paths[name]}.lora_B.weight": own.up for name, own in found.items()}


def _alpha(own: Factors, *, plain: bool) -> int | float:
    """Return alpha, for the plain scaling if the module mixes plain and stabilised factors."""
    value = own.alpha * own.rank**0.5 if plain and own.stabilised else own.alpha
    return int(value) if value == int(value) else value


def _ia3_files(module: Module, base: Base) -> tuple[dict[str, Any], Tensors]:
    scales = scales_of(module, base)
    paths = {name: name.removesuffix(".weight") for name in scales}
    options = {
        "peft_type": "IA3",
        "target_modules": list(paths.values()),
        "feedforward_modules": [paths[name] for name, value in scales.items() if len(value) == 1],
    }
    return options, {f"{paths[name]}.ia3_l": value for name, value in scales.items()}


FORMAT = Format(NAME, read, write)
