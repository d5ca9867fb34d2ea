"""Parameter names with and without the prefix that transformers puts before an encoder's own."""

from __future__ import annotations

from pathlib import Path

from xling.bases.base import Base
from xling.errors import MismatchError
from xling.sites import LinearSlice


def prefix_of(base: Base) -> str:
    """`bert.`, `roberta.`, ...: where the encoder lies in its whole models."""
    return f"{base.encoder.base_model_prefix}."


def bare(name: str, base: Base) -> str:
    """A parameter's name in the encoder itself; files made from a bare encoder have it already."""
    return name.removeprefix(prefix_of(base))


def sites_in(weight: str, base: Base, *, where: Path) -> list[tuple[int, str, LinearSlice]]:
    """(layer, name, rows) of the linear sites in a weight; MismatchError when the base has none there."""
    found = [
        (layer, name, site) for (layer, name), site in base.shape.linear.items() if site.weight == weight
    ]
    if not found:
        raise unknown(weight, base, where=where)
    return found


def unknown(name: str, base: Base, *, where: Path) -> MismatchError:
    """The refusal of a parameter that the base does not have."""
    return MismatchError(
        f"it changes {name}, which the base {base.id} does not have",
        where=where,
        hint="name the base it was made for with --base",
    )
