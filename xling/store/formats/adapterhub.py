"""The folders of the library `adapters` (AdapterHub): bottlenecks, invertible blocks and LoRA, with heads.

The current layout is written. The layout of 2020 and 2021, whose tensors and settings had other names, is
read too. Residuals follow the library's own rule, which is `stacking: adapterhub` here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xling.bases.base import Base
from xling.errors import InputError, MismatchError
from xling.modules.kind import PartConfig
from xling.modules.module import Module
from xling.modules.registry import parse_config
from xling.sites import Place
from xling.store.formats.adapterhub_fusion import CONFIG as FUSION
from xling.store.formats.adapterhub_fusion import read_fusion
from xling.store.formats.adapterhub_heads import read_head_files, write_head_files
from xling.store.formats.adapterhub_settings import (
    bottleneck_options,
    bottleneck_settings,
    invertible_options,
    lora_alpha,
    lora_settings,
    modernised,
)
from xling.store.formats.format import (
    Format,
    Found,
    FoundPart,
    ImportRequest,
    Tensors,
    as_json,
    as_weights,
    bare,
    only,
    prefix_of,
)
from xling.store.formats.safe_reading import ModuleFiles, read_json, read_tensors, wanted_file
from xling.store.formats.weights_and_sites import Factors, factors_of, lora_parts

NAME, CONFIG, WEIGHTS = "adapterhub", "adapter_config.json", "adapter.safetensors"
_LAYOUT = "adapters.1.3.0"  # the release whose layout is written; older layouts are read too
_TYPES = {"text_lang": "language", "text_task": "task"}
# For each family, the module of a layer that holds the adapters of a place. Other families are not mapped.
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
_BLOCK = "invertible_adapters."
_LEAVES = ("weight", "bias")


def read(folder: Path, request: ImportRequest) -> Found:
    """Return the parts of one adapter, with the head if it is read as a task module.

    Raises InputError when the files do not fit the request or cannot be represented.
    """
    if (folder / FUSION).is_file() and not (folder / CONFIG).is_file():
        part, used = read_fusion(folder, request, hosts_of(request.base))
        head, labels, others = read_head_files(folder, request)
        return Found((part, *head), labels, (*used, *others))
    path = wanted_file(folder, [CONFIG], NAME)
    weights = wanted_file(folder, [WEIGHTS, "pytorch_adapter.bin"], NAME)
    files = ModuleFiles(path, weights)
    facts = read_json(path)
    name = _check(facts, request, path)
    settings = modernised(facts, where=path)
    hosts_of(request.base)
    tensors = renamed(read_tensors(weights), request.base)
    if settings.get("architecture") == "lora":
        parts = _lora(settings, tensors, name, request.base, files)
    else:
        parts = _bottlenecks(facts, settings, tensors, name, request.base, files)
    if tensors:
        raise InputError(f"xling has no equal for the tensor {min(tensors)}", where=weights)
    if not parts:
        raise InputError("it changes nothing", where=weights)
    head, labels, others = read_head_files(folder, request)
    return Found((*parts, *head), labels, (path, weights, *others))


def write(module: Module, base: Base, name: str) -> Mapping[str, bytes]:
    """Return the files that `load_adapter` reads, with a flexible head if the module has a head.

    Raises InputError when the format cannot represent the module.
    """
    only(module, ("bottleneck", "invertible", "lora", "head"), NAME)
    name = re.sub(r"\W", "_", name)
    hosts_of(base)
    kinds = {part.config.kind for part in module.parts} - {"head"}
    if kinds == {"lora"}:
        settings, tensors = _lora_files(module, base, name)
    elif "bottleneck" in kinds and "lora" not in kinds:
        settings, tensors = _bottleneck_files(module, base, name)
    else:
        raise InputError(
            f"the format {NAME} holds bottlenecks, with an invertible block or not, or LoRA; this module "
            f"has {' and '.join(sorted(kinds)) or 'a head alone'}",
            where="--format",
        )
    about = {
        "hidden_size": base.shape.hidden,
        "model_class": f"{type(base.encoder).__name__.removesuffix('Model')}AdapterModel",
        "model_name": base.id,
        "model_type": base.encoder.config.model_type,
        "name": name,
        "version": _LAYOUT,
    }
    whole = as_weights({prefix_of(base) + key: value for key, value in tensors.items()})
    files = {CONFIG: as_json({**about, "config": settings}), WEIGHTS: whole}
    return files | write_head_files(module, about)


def _check(facts: Mapping[str, Any], request: ImportRequest, path: Path) -> str:
    """Return the adapter's name.

    Raises MismatchError when the file was made for another base, and InputError when it names another type of
    module than the request, or no valid name.
    """
    name = facts.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[^./\\\s]+", name):
        raise InputError(f"name = {name!r} is no name of an adapter", where=path)
    base = request.base
    for what, own, fits in (
        ("model_type", facts.get("model_type"), (*base.family.model_types, None)),
        ("hidden_size", facts.get("hidden_size"), (base.shape.hidden, None)),
    ):
        if own not in fits:
            raise MismatchError(
                f"it was made for {what} {own!r}, and the base {base.id} has {fits[0]!r}",
                where=path,
                hint=f"it names the base {facts.get('model_name')!r}",
            )
    said = _TYPES.get(str(facts.get("type")))
    if said and (said == "task") != (request.task is not None):
        raise InputError(
            f"it says that it is a {said} adapter ({facts['type']})", where=path, hint=f"give --{said}"
        )
    return name


def _bottlenecks(
    facts: Mapping[str, Any],
    settings: Mapping[str, Any],
    tensors: Tensors,
    name: str,
    base: Base,
    files: ModuleFiles,
) -> list[FoundPart]:
    """Return one part for each reduction factor and the invertible block; their tensors are removed."""
    wanted = bottleneck_options(settings, base.shape.layers, where=files.settings)
    block = invertible_options(settings, where=files.settings)
    # The settings of task adapters of 2020 name a block that their tensors do not contain.
    if block and (facts.get("type") != "text_task" or any(key.startswith(_BLOCK) for key in tensors)):
        wanted.append(block)
    configs = [parse_config(options, where=str(files.settings)) for options in wanted]
    return [
        FoundPart(config, _taken(tensors, names_of(config, base, name), files.weights)) for config in configs
    ]


def _lora(
    settings: Mapping[str, Any], tensors: Tensors, name: str, base: Base, files: ModuleFiles
) -> list[FoundPart]:
    """Return the parts of a LoRA adapter; their tensors are removed."""
    rank, alpha = lora_alpha(settings, where=files.settings)
    factors: dict[str, Factors] = {}
    for site in base.shape.linear.values():
        path = f"{site.weight.removesuffix('.weight')}.loras.{name}."
        if f"{path}lora_A" in tensors or f"{path}lora_B" in tensors:
            own = _taken(tensors, {"A": f"{path}lora_A", "B": f"{path}lora_B"}, files.weights)
            if len(own["A"]) != rank:
                raise InputError(
                    f"r = {rank}, and {path}lora_A has {len(own['A'])} rows", where=files.weights
                )
            factors[site.weight] = Factors(down=own["A"], up=own["B"], alpha=alpha)
    return lora_parts(factors, base, where=files.weights)


def _taken(tensors: Tensors, names: Mapping[str, str], path: Path) -> Tensors:
    """Remove the named tensors from the others and return them under our names."""
    for name in names.values():
        if name not in tensors:
            raise InputError(f"it has no tensor {name}, which its settings ask for", where=path)
    return {own: tensors.pop(name) for own, name in names.items()}


def _bottleneck_files(module: Module, base: Base, name: str) -> tuple[dict[str, Any], Tensors]:
    parts = [part for part in module.parts if part.config.kind != "head"]
    tensors: Tensors = {
        theirs: part.network.state_dict()[own]
        for part in parts
        for own, theirs in names_of(part.config, base, name).items()
    }
    return bottleneck_settings([part.config for part in parts], base.shape), tensors


def _lora_files(module: Module, base: Base, name: str) -> tuple[dict[str, Any], Tensors]:
    found = factors_of(module, base)
    tensors: Tensors = {}
    for weight, own in found.items():
        path = f"{weight.removesuffix('.weight')}.loras.{name}."
        tensors |= {f"{path}lora_A": own.down, f"{path}lora_B": own.up}
    return lora_settings(found, base), tensors


def hosts_of(base: Base) -> Mapping[Place, str]:
    """Return the modules of a layer that hold adapters, by place.

    Raises InputError for a family that is not mapped.
    """
    if base.family.name not in _HOSTS:
        raise InputError(
            f"adapters of {base.family.name} bases are not mapped", where="--format", choices=_HOSTS
        )
    return _HOSTS[base.family.name]


def names_of(config: PartConfig, base: Base, name: str) -> dict[str, str]:
    """Return the tensor names of a bottleneck part or of an invertible block, ours to theirs.

    Theirs are without the prefix of the whole model.
    """
    if config.kind == "invertible":
        paths = {own: f"{_BLOCK}{name}.{theirs}" for own, theirs in _COUPLINGS.items()}
    else:
        options, hosts = config.model_dump(), hosts_of(base)
        paths = {
            f"at.{layer}/{place}.{own}": (
                f"{base.family.layers}.{layer}.{hosts[place]}.adapters.{name}.{theirs}"
            )
            for layer in base.shape.layers_but(options["leave_out"])
            for place in options["places"]
            for own, theirs in _PROJECTIONS.items()
        }
    return {f"{own}.{leaf}": f"{theirs}.{leaf}" for own, theirs in paths.items() for leaf in _LEAVES}


def renamed(tensors: Tensors, base: Base) -> Tensors:
    """Return the tensors under today's names, without the prefix of the whole model."""
    return {
        ".".join(_LEGACY.get(step, step) for step in bare(name, base).split(".")): value
        for name, value in tensors.items()
    }


FORMAT = Format(NAME, read, write)
