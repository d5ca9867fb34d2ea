"""Modules and batches for the laws."""

from __future__ import annotations

import json
from dataclasses import replace

import torch
from torch import Tensor

from xling.bases.base import Base
from xling.composition.fitting import base_facts as facts
from xling.modules.biaffine import BiaffineConfig
from xling.modules.combining import CombinerConfig
from xling.modules.head import HeadConfig
from xling.modules.hypernetwork import MLM, HypernetworkConfig
from xling.modules.module import Module
from xling.modules.registry import KINDS, PRESETS
from xling.modules.sparse import SparseConfig
from xling.tasks.registry import TASKS, task_named
from xling.vocabulary.pieces import Draft, describe, part_of
from xling.vocabulary.replacing import seat, special_pieces

SHARED = {
    name: (own.shared_by([MLM, *TASKS], ["und", "swh", "hau", "eng"]),)
    for name, parts in PRESETS.items()
    for own in parts
    if isinstance(own, HypernetworkConfig)
}
MODULES = {
    **PRESETS,
    **{name: (own.model_copy(update={"size": 4, "source": 4}),) for name, (own,) in SHARED.items()},
    "lt-sft": (SparseConfig(k=0.4),),
    "head": (HeadConfig(outputs=3),),
    "biaffine": (BiaffineConfig(relations=3),),
}
COMBINERS = tuple(
    name for name, parts in PRESETS.items() if any(isinstance(own, CombinerConfig) for own in parts)
)
NAMES = tuple(name for name in PRESETS if name not in ("head", "centre", *COMBINERS, *SHARED))
LABELS = ("a", "b", "c")


def fresh(base: Base, name: str, *, seed: int = 0) -> Module:
    """An untrained module of a preset."""
    return Module.fresh(MODULES[name], base.shape, facts(base, language="swh", seed=seed))


def disturbed(base: Base, name: str, *, std: float, seed: int) -> Module:
    """A module whose every parameter was moved."""
    module = fresh(base, name, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for network in module.networks:
            for value in network.parameters():
                value.add_(torch.randn(value.shape, generator=generator) * std)
    return module


def task_module(
    base: Base, task: str, seed: int, labels: tuple[str, ...] = LABELS, **options: object
) -> Module:
    """A task module of a head alone, which scores every label."""
    config = task_named(task).head(labels, base).model_copy(update=options)
    own = labels[: getattr(config, "outputs", None)]
    module = Module.fresh([config], base.shape, facts(base, task=task, labels=own, seed=seed))
    with torch.no_grad():
        for value in module.networks[0].parameters():
            value.normal_(0.0, 0.3, generator=torch.Generator().manual_seed(seed))
    return module


# what merging says of a kind that it leaves out
UNMERGED = r"cannot be merged: (the \w+ part of swh works on states|(swh|flare-1) reads a translation)"


def merges(name: str) -> bool:
    """Whether a preset is a change of weights."""
    return all(KINDS[config.kind].merges != "none" for config in MODULES[name])


NEW = tuple(f"▁{first}{second}" for first in "ߊߋߌߍߎ" for second in "ߓߔߕߖߗߘߙߚߛߜߝߞߟߠ")


def own_vocabulary(base: Base, *, seed: int, rank: int | None = None) -> Module:
    """A vocabulary of N'Ko pieces, more of them than the tiny base has, under a bottleneck."""
    described = describe(base.tokenizer)
    special = special_pieces(base)
    pieces = (*(text for text, _ in special), *NEW)
    seat(described, pieces, {piece: -number / 10 for number, piece in enumerate(pieces)})
    draft = Draft(
        method="replace",
        tokenizer=json.dumps(described),
        pieces=pieces,
        kept=tuple(number for _, number in special),
    )
    generator = torch.Generator().manual_seed(seed)
    vectors = torch.randn(len(NEW), base.shape.hidden, generator=generator) * 0.3
    part = part_of(draft, vectors, base.embeddings, rank, bias=torch.zeros(len(NEW)))
    module = disturbed(base, "bottleneck", std=0.2, seed=seed)
    return replace(module, parts=(part, *module.parts))


def batch(base: Base, *, rows: int, length: int, seed: int) -> tuple[Tensor, Tensor]:
    """Padded ids and mask; the last row is the shortest."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(4, base.embeddings.shape[0] - 1, (rows, length), generator=generator)
    mask = torch.ones_like(ids)
    for row in range(rows):
        end = max(1, length - row)
        ids[row, end:], mask[row, end:] = base.tokenizer.pad_token_id, 0
    return ids, mask
