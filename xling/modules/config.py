"""What every part's configuration has in common, and the few choices that several kinds share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict
from torch import Generator, Tensor, nn

from xling.errors import InputError
from xling.sites import EncoderShape, LinearSlice

Nonlinearity = Literal["relu", "gelu", "gelu_tanh", "silu", "tanh"]

NONLINEARITIES: dict[Nonlinearity, Callable[[Tensor], Tensor]] = {
    "relu": torch.nn.functional.relu,
    "gelu": torch.nn.functional.gelu,
    "gelu_tanh": lambda value: torch.nn.functional.gelu(value, approximate="tanh"),
    "silu": torch.nn.functional.silu,
    "tanh": torch.tanh,
}


class PartConfig(BaseModel):
    """A frozen, strict value; `kind` is the tag under which the registry knows its builder."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    kind: str


def linear(inputs: int, outputs: int, generator: Generator, *, std: float) -> nn.Linear:
    """A linear map with weights from N(0, std) (zeros for std 0) and zero bias."""
    layer = nn.Linear(inputs, outputs, device="meta").to_empty(device="cpu")
    with torch.no_grad():
        layer.weight.copy_(torch.randn(outputs, inputs, generator=generator) * std)
        layer.bias.copy_(torch.zeros(outputs))
    return layer


def key_of(name: str) -> str:
    """A parameter's or a place's name as a key of torch's dictionaries, which take no full stops."""
    return name.replace(".", "/")


def name_of(key: str) -> str:
    """The name that `key_of` wrote."""
    return key.replace("/", ".")


def at_sites(
    names: Iterable[str], shape: EncoderShape, leave_out: Iterable[int] = ()
) -> dict[str, LinearSlice]:
    """The linear sites of these names in every layer but some, by place: `0.attention.query`.

    Raises InputError for a name that the base has no site for.
    """
    known = dict.fromkeys(name for _, name in shape.linear)
    for name in names:
        if name not in known:
            raise InputError(f"the base has no linear site {name!r}", where="sites", choices=known)
    absent = {number % shape.layers for number in leave_out}
    kept = (layer for layer in range(shape.layers) if layer not in absent)
    return {f"{layer}.{name}": shape.linear[layer, name] for layer in kept for name in names}


def site_of(key: str, shape: EncoderShape) -> LinearSlice:
    """The linear site of a place's key; InputError when the base has none there."""
    layer, _, name = name_of(key).partition(".")
    site = shape.linear.get((int(layer), name)) if layer.isdecimal() else None
    if site is None:
        raise InputError(f"the base has no linear site {name!r} in layer {layer}", where="--plan")
    return site


def sites_of_weight(name: str, keys: Iterable[str], shape: EncoderShape) -> list[tuple[str, LinearSlice]]:
    """Those of the places whose rows lie in the weight `name`."""
    found = ((key, site_of(key, shape)) for key in keys)
    return [(key, site) for key, site in found if site.weight == name]
