"""Whether a module's sizes are those of a base, whatever its file claims."""

from __future__ import annotations

from xling.bases.base import Base
from xling.errors import MismatchError
from xling.modules.module import Module
from xling.modules.vocabulary import Vocabulary

_HINT = "the module's file is damaged: fetch or train it again"


def check_sizes(module: Module, base: Base) -> None:
    """Raise MismatchError when a module states other sizes than the base's, or keeps pieces that it lacks."""
    stated, real = ((shape.hidden, shape.layers) for shape in (module.facts, base.shape))
    if stated != real:
        raise MismatchError(
            f"the module states {stated[0]} numbers in a state and {stated[1]} layers, "
            f"and {base.id} has {real[0]} and {real[1]}",
            where="--plan",
            hint=_HINT,
        )
    rows = len(base.embeddings)
    for network in module.networks:
        if isinstance(network, Vocabulary) and len(network.kept) and int(network.kept.max()) >= rows:
            raise MismatchError(
                f"the vocabulary keeps piece {int(network.kept.max()):,} of {base.id}, which has {rows:,}",
                where="--plan",
                hint=_HINT,
            )
