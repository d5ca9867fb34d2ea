"""Finding the linear sites of a base by the names and keys that modules store."""

from __future__ import annotations

from collections.abc import Iterable

from xling.errors import InputError
from xling.sites import EncoderShape, LinearSlice, name_of


def at_sites(
    names: Iterable[str], shape: EncoderShape, leave_out: Iterable[int] = ()
) -> dict[str, LinearSlice]:
    """Return the linear sites of these names in all layers but `leave_out`, keyed like `0.attention.query`.

    Raises InputError when the base has no site of a name.
    """
    known = dict.fromkeys(name for _, name in shape.linear)
    for name in names:
        if name not in known:
            raise InputError(f"the base has no linear site {name!r}", where="sites", choices=known)
    kept = shape.layers_but(leave_out)
    return {f"{layer}.{name}": shape.linear[layer, name] for layer in kept for name in names}


def site_of(key: str, shape: EncoderShape) -> LinearSlice:
    """Return the linear site of a key. Raises InputError when the base has no such site."""
    layer, _, name = name_of(key).partition(".")
    site = shape.linear.get((int(layer), name)) if layer.isdecimal() else None
    if site is None:
        raise InputError(f"the base has no linear site {name!r} in layer {layer}", where="--plan")
    return site


def sites_of_weight(name: str, keys: Iterable[str], shape: EncoderShape) -> list[tuple[str, LinearSlice]]:
    """Return the keys whose sites lie in the weight `name`, each with its site."""
    found = ((key, site_of(key, shape)) for key in keys)
    return [(key, site) for key, site in found if site.weight == name]
