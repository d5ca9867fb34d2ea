"""A module: its parts, what it was made from, and the folder it lives in.

`weights.safetensors` is the one commit point: it carries every identity fact in its metadata and
appears by `os.replace`. `module.json` repeats the facts for people and adds times and scores.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Generator, Tensor, nn

from xling.errors import InputError
from xling.files import write_atomically, write_json
from xling.modules.kind import PartConfig
from xling.modules.registry import build, parse_config, restore
from xling.sites import EncoderShape

FORMAT = 1
WEIGHTS, FACTS = "weights.safetensors", "module.json"
_KEY = "xling"
_SIZES = {"hidden": 1 << 17, "layers": 1 << 10}  # above these a file asks for memory, not for an encoder


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What identifies a module: the same run gives the same facts, so no times and no scores here.

    language: canonical tag (a language module). source: the language a task was learned in.
    below: the modules that were frozen under a task module, as (name, fingerprint), the lowest first.
    making: what the training was told and learned from; recipe: the text of the recipe, if it was one's.
    precision: what the training's matrix products were computed in. cards: (name, checksum) of each data
    set. licence: the strictest of the data's.
    """

    base: str
    base_revision: str | None
    base_fingerprint: str
    tokenizer_fingerprint: str
    hidden: int
    layers: int
    mlm_head_fingerprint: str | None = None
    language: str | None = None
    source: str | None = None
    task: str | None = None
    labels: tuple[str, ...] = ()
    below: tuple[tuple[str, str], ...] = ()
    recipe: str = ""
    cards: tuple[tuple[str, str], ...] = ()
    seed: int = 0
    steps: int = 0
    threads: int = 0
    precision: str | None = None
    making: Mapping[str, Any] = field(default_factory=dict)
    licence: str | None = None
    xling_version: str = ""


@dataclass(frozen=True)
class Part:
    """One kind's configuration and network; `prefix` names its tensors on disk."""

    config: PartConfig
    prefix: str
    network: nn.Module


@dataclass(frozen=True, eq=False)
class Module:
    """What is learned, in one folder: parts with a card. `scores` are kept beside the weights only."""

    parts: tuple[Part, ...]
    facts: Facts
    scores: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def fresh(cls, configs: Sequence[PartConfig], shape: EncoderShape, facts: Facts) -> Module:
        """Untrained parts, initialised from `facts.seed` alone."""
        generator = Generator().manual_seed(facts.seed)
        parts = [Part(config, config.kind, build(config, shape, generator)) for config in configs]
        return cls(tuple(parts), facts)

    def continued(self, facts: Facts) -> Module:
        """A copy of the parts under other facts, to train on from; this module stays as it is."""
        parts = (Part(part.config, part.prefix, copy.deepcopy(part.network)) for part in self.parts)
        return Module(tuple(parts), facts)

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """The parts' networks, in order."""
        return tuple(part.network for part in self.parts)

    def part(self, kind: str) -> Part | None:
        """The part of a kind, if the module has one."""
        return next((part for part in self.parts if part.config.kind == kind), None)

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor under the name it has on disk."""
        return {
            f"{part.prefix}.{name}": value.detach().cpu().contiguous()
            for part in self.parts
            for name, value in part.network.state_dict().items()
        }

    def rounded(self) -> Module:
        """The same module with every tensor rounded to half precision: what a float16 file of it computes."""
        rounded = self.continued(self.facts)
        with torch.no_grad():
            for part in rounded.parts:
                for value in part.network.parameters():
                    value.copy_(value.half())
        return replace(rounded, scores=self.scores)

    def with_facts(self, **changes: Any) -> Module:
        """The same parts with some facts replaced."""
        return replace(self, facts=replace(self.facts, **changes))

    def save(self, folder: str | Path, *, float16: bool = False) -> Path:
        """Write the folder; the module is there when `weights.safetensors` is.

        float16: halves the file. What is loaded from it is `rounded()`; this module stays as it is.
        """
        folder = Path(folder)
        tensors = self.tensors()
        if float16:
            tensors = {
                n: value.half() if value.is_floating_point() else value for n, value in tensors.items()
            }
        described = self.described()
        data = save(tensors, metadata={_KEY: json.dumps(described, sort_keys=True, ensure_ascii=False)})
        write_atomically(folder / WEIGHTS, data)
        write_json(folder / FACTS, {**described, "scores": dict(self.scores)})
        return folder

    def described(self) -> dict[str, Any]:
        """The identity facts as they are stored."""
        parts = [
            {"kind": part.config.kind, "config": part.config.model_dump(mode="json"), "prefix": part.prefix}
            for part in self.parts
        ]
        return {"format": FORMAT, "parts": parts, **asdict(self.facts)}

    @classmethod
    def load(cls, folder: str | Path) -> Module:
        """Read a folder, frozen; its own tensors and facts suffice.

        Raises InputError when there is no module, or a damaged one.
        """
        path = Path(folder) / WEIGHTS
        described, tensors = read_weights(path)
        facts = _facts(described, path)
        shape = EncoderShape(hidden=facts.hidden, layers=facts.layers)
        parts = tuple(_read_part(*entry, shape, tensors, path) for entry in _entries(described, path))
        return cls(parts, facts, _read_scores(path.parent / FACTS))


def read_weights(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Facts and tensors of a `weights.safetensors`; InputError when it is not a module's."""
    if not path.is_file():
        raise InputError(f"no module here ({WEIGHTS} is missing)", where=path.parent)
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        described = json.loads(metadata[_KEY])
        if not isinstance(described, dict):
            raise ValueError(f"its facts are a {type(described).__name__}")
    except (SafetensorError, KeyError, ValueError, RecursionError, OSError) as error:
        raise InputError(
            f"not an xling module: {error}", where=path, hint="train or fetch it again"
        ) from error
    if described.get("format") != FORMAT:
        raise InputError(
            f"module format {described.get('format')!r} is not {FORMAT}", where=path, hint="update xling"
        )
    return described, tensors


def _facts(described: Mapping[str, Any], path: Path) -> Facts:
    values = {key: value for key, value in described.items() if key not in ("format", "parts")}
    try:
        cards = tuple((str(name), str(checksum)) for name, checksum in values.pop("cards"))
        below = _below(values.pop("below"))
        for name, most in _SIZES.items():
            if not isinstance(values[name], int) or not 0 < values[name] <= most:
                raise InputError(f"{name} = {values[name]!r} is no size of an encoder", where=path)
        return Facts(**{**values, "labels": tuple(values["labels"]), "cards": cards, "below": below})
    except (TypeError, KeyError, ValueError) as error:
        raise InputError(
            f"facts of another xling version: {error}", where=path, hint="update xling"
        ) from error


def _below(value: Any) -> tuple[tuple[str, str], ...]:
    """Names and fingerprints; earlier versions wrote one name alone."""
    if value is None or isinstance(value, str):
        return ((value, ""),) if value else ()
    return tuple((str(name), str(checksum)) for name, checksum in value)


def _entries(described: Mapping[str, Any], path: Path) -> list[tuple[PartConfig, str]]:
    """Configuration and prefix of each part."""
    try:
        pairs = [(dict(entry["config"]), str(entry["prefix"])) for entry in described["parts"]]
    except (TypeError, KeyError, ValueError) as error:
        raise InputError(
            f"facts of another xling version: {error}", where=path, hint="update xling"
        ) from error
    return [(parse_config(config, where=str(path)), prefix) for config, prefix in pairs]


def _read_part(
    config: PartConfig, prefix: str, shape: EncoderShape, tensors: Mapping[str, Tensor], path: Path
) -> Part:
    own = {k[len(prefix) + 1 :]: v for k, v in tensors.items() if k.startswith(prefix + ".")}
    own = {name: value.float() if value.is_floating_point() else value for name, value in own.items()}
    bad = [name for name, value in own.items() if not torch.isfinite(value).all()]
    if bad:
        raise InputError(f"{prefix}.{bad[0]} has values that are not finite", where=path)
    try:
        return Part(config, prefix, restore(config, shape, own).requires_grad_(False))
    except (RuntimeError, ValueError, KeyError, IndexError) as error:
        raise InputError(f"{prefix}: {' '.join(str(error).split())}", where=path) from error


def _read_scores(path: Path) -> Mapping[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8")).get("scores", {})
    except (OSError, ValueError):
        return {}
