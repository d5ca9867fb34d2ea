"""Structural copies of an encoder, and hooks at their sites; the encoder itself is never changed.

Hooks are set only on the copy. A copied forward method or a swapped class would have to follow every release
of transformers; a hook on a named child does not.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from xling.bases.families import Family, ResidualSite, layers_of
from xling.sites import LinearSlice, Place, ResidualState

ModuleT = TypeVar("ModuleT", bound=nn.Module)
OnResidual = Callable[[int, Place, ResidualState], Tensor | None]
OnEmbeddings = Callable[[Tensor], Tensor]
OnPieces = Callable[[Tensor, Tensor], Tensor | None]
OnLinear = Callable[[str, Tensor, Tensor], Tensor | None]


def structural_copy(module: ModuleT) -> ModuleT:
    """Copy a module tree; the copy shares every parameter and buffer with the original.

    Adding hooks, replacing children or rebinding tensors in the copy does not change the original.
    """
    shared = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    return copy.deepcopy(module, shared)


def tap_residual_sites(encoder: nn.Module, family: Family, respond: OnResidual) -> None:
    """Call `respond` at every residual site and add the increment that it returns; None changes nothing."""
    for number, layer in enumerate(layers_of(encoder, family)):
        for place, site in family.residual_sites.items():
            _tap(layer, site, partial(respond, number, place))


def tap_embeddings(encoder: nn.Module, family: Family, respond: OnEmbeddings) -> None:
    """Replace the embedding block's output (after norm and dropout) by what `respond` returns for it."""

    def hook(module: nn.Module, arguments: tuple, output: Tensor) -> Tensor:
        return respond(output)

    encoder.get_submodule(family.embeddings).register_forward_hook(hook)


def tap_pieces(encoder: nn.Module, family: Family, respond: OnPieces) -> None:
    """Call `respond` with piece ids and the table, and use the vectors it returns; None keeps the usual ones.

    Ids can be larger than the table, so the usual look-up then gets zeros in their place.
    """
    lookup = encoder.get_submodule(family.word_embeddings)
    waiting: list[Tensor | None] = []

    def answer(module: Any, arguments: tuple) -> tuple | None:
        found = respond(arguments[0], module.weight)  # under changed weights this is a plain tensor
        waiting[:] = [found]
        return None if found is None else (torch.zeros_like(arguments[0]), *arguments[1:])

    def replace(module: nn.Module, arguments: tuple, output: Tensor) -> Tensor | None:
        return waiting.pop()

    lookup.register_forward_pre_hook(answer)
    lookup.register_forward_hook(replace)


def tap_linear_sites(encoder: nn.Module, sites: Mapping[str, LinearSlice], respond: OnLinear) -> ExitStack:
    """Call `respond` at linear sites and add what it returns to their outputs; None changes nothing.

    The hooks are removed when the result is closed or, in a `with` statement, at its end.

    Args:
        encoder: A structural copy.
        sites: The sites by keys such as `0.attention.query`. If several sites share a projection, each gets
            only its own outputs.
        respond: Called with the key, the inputs and the outputs, in the order of `sites` and in every pass.
    """

    def hook(place: str, site: LinearSlice, module: nn.Module, arguments: tuple, output: Tensor) -> Any:
        change = respond(place, arguments[0], output[..., site.start : site.stop])
        if change is None:
            return None
        return output + nn.functional.pad(change, (site.start, output.shape[-1] - site.stop)).to(output)

    hooks = ExitStack()
    for place, site in sites.items():
        linear = encoder.get_submodule(site.weight.removesuffix(".weight"))
        hooks.enter_context(linear.register_forward_hook(partial(hook, place, site)))
    return hooks


def _tap(layer: nn.Module, site: ResidualSite, respond: Callable[[ResidualState], Tensor | None]) -> None:
    """Set the two hooks of a residual site: one reads the residual r, a later one changes the output f."""
    norm = layer.get_submodule(site.norm) if site.norm else None
    waiting: list[Tensor] = []

    def see_residual(module: nn.Module, arguments: tuple) -> None:
        waiting[:] = [arguments[site.argument]]

    def add_increment(module: nn.Module, arguments: tuple, output: Any) -> Any:
        sublayer = output[0] if isinstance(output, tuple) else output
        increment = respond(ResidualState(sublayer=sublayer, residual=waiting.pop(), norm=norm))
        if increment is None:
            return None
        raised = sublayer + increment
        return (raised, *output[1:]) if isinstance(output, tuple) else raised

    layer.get_submodule(site.residual).register_forward_pre_hook(see_residual)
    layer.get_submodule(site.sublayer).register_forward_hook(add_increment)
