"""A module: its parts, the facts about how it was made, and the folder it is stored in.

A module exists once its `weights.safetensors` does, which is written in one step (`os.replace`) and has all
identifying facts in its metadata. `module.json` repeats the facts for people, and adds scores and the SHA-256
of the weights.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Generator, Tensor, nn

from xling import __version__
from xling.errors import InputError
from xling.files import read_json, write_atomically, write_json
from xling.modules.facts import Facts, read_facts
from xling.modules.kind import PartConfig, WritesFiles
from xling.modules.registry import KINDS, build, parse_config, restore
from xling.sites import EncoderShape

FORMAT = 1
WEIGHTS, FACTS = "weights.safetensors", "module.json"
NOT_IDENTITY = frozenset(("content", "scores"))  # what module.json alone says
_KEY = "xling"
_UNFIT = (RuntimeError, ValueError, TypeError, KeyError, IndexError, OverflowError)  # what restoring raises


@dataclass(frozen=True)
class Part:
    """The configuration and the network of one part; on disk its tensors' names start with `prefix`."""

    config: PartConfig
    prefix: str
    network: nn.Module


@dataclass(frozen=True, eq=False)
class Module:
    """What was learned: parts with facts and scores, in one folder; scores are in `module.json` only."""

    parts: tuple[Part, ...]
    facts: Facts
    scores: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def fresh(cls, configs: Sequence[PartConfig], shape: EncoderShape, facts: Facts) -> Module:
        """Make a module with untrained parts, initialised from `facts.seed` alone."""
        generator = Generator().manual_seed(facts.seed)
        parts = [Part(config, config.kind, build(config, shape, generator)) for config in configs]
        return cls(tuple(parts), facts)

    def continued(self, facts: Facts) -> Module:
        """Return a copy of the parts with other facts, to continue training; this module is not changed."""
        parts = (Part(part.config, part.prefix, copy.deepcopy(part.network)) for part in self.parts)
        return Module(tuple(parts), facts)

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """The networks of the parts, in order."""
        return tuple(part.network for part in self.parts)

    def part(self, kind: str) -> Part | None:
        """Return the part of a kind, or None if the module has none."""
        return next((part for part in self.parts if part.config.kind == kind), None)

    def of_task(self, task: str | None) -> Module:
        """Return a module that several tasks share with the head of one, or with none; networks are the same.

        Raises InputError for a task that it has no head for.
        """
        heads = [part for part in self.parts if KINDS[part.config.kind].head]
        own = dict(zip(dict(self.facts.heads), heads, strict=False))
        if task is not None and task not in own:
            raise InputError(f"the module has no head for {task!r}", where="--task", choices=own)
        kept = [part for part in self.parts if part not in heads or part is own.get(task or "")]
        labels = dict(self.facts.heads).get(task or "", ())
        return replace(self, parts=tuple(kept)).with_facts(task=task, labels=labels)

    def tensors(self) -> dict[str, Tensor]:
        """Return all tensors by their names on disk."""
        return {
            f"{part.prefix}.{name}": value.detach().cpu().contiguous()
            for part in self.parts
            for name, value in part.network.state_dict().items()
        }

    def rounded(self) -> Module:
        """Return a copy whose parameters are rounded to float16, as if it were saved so and loaded again."""
        rounded = self.continued(self.facts)
        with torch.no_grad():
            for part in rounded.parts:
                for value in part.network.parameters():
                    value.copy_(value.half())
        return replace(rounded, scores=self.scores)

    def with_facts(self, **changes: Any) -> Module:
        """Return the same parts with some facts replaced."""
        return replace(self, facts=replace(self.facts, **changes))

    def save(self, folder: str | Path, *, float16: bool = False) -> Path:
        """Write the module to a folder and return its path.

        With `float16` the file has half the size, and loading it gives `rounded()`; this module is not
        changed. Raises XlingError when the files cannot be written.
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
        content = f"sha256:{hashlib.sha256(data).hexdigest()}"
        write_json(folder / FACTS, {**described, "content": content, "scores": dict(self.scores)})
        for name, content in self.files().items():
            write_atomically(folder / name, content)
        return folder

    def files(self) -> dict[str, bytes]:
        """Return what parts are also written as beside the weights, for people, by file name."""
        return {
            name: content
            for network in self.networks
            if isinstance(network, WritesFiles)
            for name, content in network.files().items()
        }

    def described(self) -> dict[str, Any]:
        """Return the format, the parts and the facts as they are stored."""
        parts = [
            {"kind": part.config.kind, "config": part.config.model_dump(mode="json"), "prefix": part.prefix}
            for part in self.parts
        ]
        return {"format": FORMAT, "parts": parts, **asdict(self.facts)}

    @classmethod
    def load(cls, folder: str | Path) -> Module:
        """Read a module from a folder, with frozen parameters; the base is not needed.

        Raises InputError when there is no module, or when it is damaged.
        """
        path = Path(folder) / WEIGHTS
        described, tensors = read_weights(path)
        entries = _entries(described.pop("parts", None), path)
        facts = read_facts({key: value for key, value in described.items() if key != "format"}, path)
        shape = EncoderShape(hidden=facts.hidden, layers=facts.layers)
        shared = _shared(tensors, [prefix for _, prefix in entries], path)
        parts = (_read_part(config, prefix, shape, shared[prefix], path) for config, prefix in entries)
        return cls(tuple(parts), facts, _read_scores(path.parent / FACTS))


def read_weights(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read the facts and the tensors of a `weights.safetensors`. Raises InputError if it is not a module."""
    described = read_described(path)
    with _module_file(path) as file:
        return described, {name: file.get_tensor(name) for name in file.keys()}


def read_described(path: Path) -> dict[str, Any]:
    """Read the facts of a `weights.safetensors` alone. Raises InputError if it is not a module."""
    with _module_file(path) as file:
        described = json.loads((file.metadata() or {})[_KEY])
        if not isinstance(described, dict):
            raise ValueError(f"its facts are a {type(described).__name__}")
    _check_format(described, path)
    return described


@contextmanager
def _module_file(path: Path) -> Iterator[Any]:
    """Open a file of tensors. Raises InputError when there is none, and for what goes wrong in reading it."""
    if not path.is_file():
        raise InputError(f"no module here ({WEIGHTS} is missing)", where=path.parent)
    try:
        with safe_open(str(path), framework="pt") as file:
            yield file
    except (SafetensorError, KeyError, ValueError, RecursionError, OSError) as error:
        raise InputError(
            f"not an xling module: {error}", where=path, hint="train or fetch it again"
        ) from error


def _check_format(described: Mapping[str, Any], path: Path) -> None:
    """Raise InputError for a format that this version cannot read, with the version that wrote it."""
    found = described.get("format")
    if type(found) is not int or found != FORMAT:
        writer = described.get("xling_version")
        raise InputError(
            f"module format {found!r} is not {FORMAT}, which xling {__version__} reads",
            where=path,
            hint=f"it was written by xling {writer}: update to that version" if writer else "update xling",
        )


def _entries(parts: Any, path: Path) -> list[tuple[PartConfig, str]]:
    """Return the configuration and the prefix of each part."""
    try:
        pairs = [(dict(entry["config"]), entry["prefix"]) for entry in parts]
        prefixes = [prefix for _, prefix in pairs if isinstance(prefix, str)]
    except (TypeError, KeyError, ValueError) as error:
        raise InputError(
            f"parts that this xling cannot read: {type(error).__name__} {error}",
            where=path,
            hint="update xling, or fetch the module again",
        ) from error
    if not pairs or len(set(prefixes)) != len(pairs):
        told = "two parts have one prefix" if pairs else "it has no parts"
        raise InputError(told, where=path, hint="train or fetch it again")
    return [(parse_config(config, where=str(path)), prefix) for config, prefix in pairs]


def _shared(
    tensors: Mapping[str, Tensor], prefixes: Sequence[str], path: Path
) -> dict[str, dict[str, Tensor]]:
    """Return the tensors of each part by its prefix. Raises InputError for one that is not of one part."""
    found: dict[str, dict[str, Tensor]] = {prefix: {} for prefix in prefixes}
    for name, value in tensors.items():
        owners = [prefix for prefix in prefixes if name.startswith(f"{prefix}.")]
        if len(owners) != 1:
            told = f"is of the parts {', '.join(owners)}" if owners else "is of no part"
            raise InputError(f"the tensor {name} {told}", where=path, hint="train or fetch it again")
        found[owners[0]][name.removeprefix(f"{owners[0]}.")] = value
    return found


def _read_part(
    config: PartConfig, prefix: str, shape: EncoderShape, tensors: Mapping[str, Tensor], path: Path
) -> Part:
    own = {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}
    bad = [name for name, value in own.items() if not torch.isfinite(value).all()]
    if bad:
        raise InputError(f"{prefix}.{bad[0]} has values that are not finite", where=path)
    try:
        return Part(config, prefix, restore(config, shape, own).requires_grad_(False))
    except _UNFIT as error:
        raise InputError(f"{prefix}: {' '.join(str(error).split())}", where=path) from error


def _read_scores(path: Path) -> Mapping[str, Any]:
    """Return the scores of a module.json, or none when it is missing, damaged or no file."""
    try:
        found = read_json(path)
    except (OSError, ValueError):
        return {}
    scores = found.get("scores") if isinstance(found, dict) else None
    return scores if isinstance(scores, dict) else {}
