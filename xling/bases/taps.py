"""Structural copies of an encoder, and callbacks at their sites; the encoder itself is never touched.

Hooks are set on the copy alone; a copied forward or a swapped class would have to follow every
release of transformers, a hook on a named child does not.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
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
OnLinear = Callable[[str, Tensor, Tensor], None]


def structural_copy(module: ModuleT) -> ModuleT:
    """A deep copy of a module tree that shares every parameter and buffer with the original.

    Adding hooks, replacing children or rebinding tensors in the copy leaves the original as it is;
    dropping the copy undoes everything.
    """
    shared = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    return copy.deepcopy(module, shared)


def tap_residual_sites(encoder: nn.Module, family: Family, respond: OnResidual) -> None:
    """Ask `respond` for an increment at every residual site; None leaves the site as it is."""
    for number, layer in enumerate(layers_of(encoder, family)):
        for place, site in family.residual_sites.items():
            _tap(layer, site, _answer(number, place, respond))


def tap_embeddings(encoder: nn.Module, family: Family, respond: OnEmbeddings) -> None:
    """Pass the embedding block's output (after norm and dropout) through `respond`."""
    block = encoder.get_submodule(family.embeddings)

    def hook(module: nn.Module, arguments: tuple, output: Tensor) -> Tensor:
        return respond(output)

    block.register_forward_hook(hook)


def tap_pieces(encoder: nn.Module, family: Family, respond: OnPieces) -> None:
    """Ask `respond` for the vectors of pieces, given ids and table; None leaves the look-up as it is.

    Ids may lie beyond the table, so they are kept from the look-up itself.
    """
    lookup = encoder.get_submodule(family.word_embeddings)
    waiting: list[Tensor | None] = []

    def answer(module: Any, arguments: tuple) -> tuple | None:
        found = respond(arguments[0], module.weight)  # changed weights stand there as plain tensors
        waiting[:] = [found]
        return None if found is None else (torch.zeros_like(arguments[0]), *arguments[1:])

    def replace(module: nn.Module, arguments: tuple, output: Tensor) -> Tensor | None:
        return waiting.pop()

    lookup.register_forward_pre_hook(answer)
    lookup.register_forward_hook(replace)


@contextmanager
def linear_sites_shown(encoder: nn.Module, sites: Mapping[str, LinearSlice], see: OnLinear) -> Iterator[None]:
    """Show `see` what goes into linear sites and what comes out of them, in every pass inside.

    sites: by place, as in `0.attention.query`. Of a projection that several sites share, each is shown its
    own outputs. What `see` returns is passed over; when it is done, nothing is left in the copy.
    """

    def show(place: str, site: LinearSlice, module: nn.Module, arguments: tuple, output: Tensor) -> None:
        see(place, arguments[0], output[..., site.start : site.stop])

    with ExitStack() as hooks:
        for place, site in sites.items():
            linear = encoder.get_submodule(site.weight.removesuffix(".weight"))
            hooks.enter_context(linear.register_forward_hook(partial(show, place, site)))
        yield


_Respond = Callable[[Tensor, Tensor, nn.Module | None], Tensor | None]


def _answer(number: int, place: Place, respond: OnResidual) -> _Respond:
    def ask(sublayer: Tensor, residual: Tensor, norm: nn.Module | None) -> Tensor | None:
        return respond(number, place, ResidualState(sublayer=sublayer, residual=residual, norm=norm))

    return ask


def _tap(layer: nn.Module, site: ResidualSite, ask: _Respond) -> None:
    """R passes first, at the input of one module; f comes after, at the output of another."""
    norm = layer.get_submodule(site.norm) if site.norm else None
    waiting: list[Tensor] = []

    def see_residual(module: nn.Module, arguments: tuple) -> None:
        waiting[:] = [arguments[site.argument]]

    def add_increment(module: nn.Module, arguments: tuple, output: Any) -> Any:
        sublayer = output[0] if isinstance(output, tuple) else output
        increment = ask(sublayer, waiting.pop(), norm)
        if increment is None:
            return None
        raised = sublayer + increment
        return (raised, *output[1:]) if isinstance(output, tuple) else raised

    layer.get_submodule(site.residual).register_forward_pre_hook(see_residual)
    layer.get_submodule(site.sublayer).register_forward_hook(add_increment)
