"""The paired texts of rows: which text a plan takes for them, and what the base has for it."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Int
from torch import Tensor

from xling.bases.base import Base, run_encoder
from xling.bases.taps import structural_copy, tap_linear_sites
from xling.composition.contents import loaded
from xling.composition.forms.form import Node
from xling.modules.linear_sites import site_of
from xling.pairs import Paired

# `own`: the text itself; `gloss`: the text as the plan's lexicon rewrites it; `given`: one that is given
Pairing = Literal["own", "gloss", "given"]


def pairing_of(node: Node, language: str) -> Pairing | None:
    """Return what stands for the paired text of a row of a language that is not given one.

    None when nothing in the plan reads it; `given` when nothing can stand for it.
    """
    leaves = list(node.active(language))
    sources = {leaf.module.facts.source for leaf in leaves if leaf.pairing}
    if not sources:
        return None
    if sources <= {None, language}:
        return "own"
    return "gloss" if any(leaf.rewriters for leaf in leaves) else "given"


class PairReader:
    """The base alone, which reads paired texts and keeps the inputs of linear sites."""

    def __init__(self, base: Base, node: Node) -> None:
        self._base, self._encoder = base, structural_copy(base.encoder)
        parts = [part for leaf in loaded(node) for part in leaf.pairing]
        self._inputs: dict[str, Tensor] = {}
        sites = {place: site_of(place, base.shape) for part in parts for place in part.paired_sites()}
        tap_linear_sites(self._encoder, sites, self._keep)

    @torch.no_grad()
    def read(self, ids: Int[Tensor, "rows paired"], mask: Int[Tensor, "rows paired"]) -> Paired:
        """Return what the base has for right-padded paired texts. ids: its own pieces."""
        self._inputs = {}
        run_encoder(self._encoder, self._base.family, ids, mask)
        return Paired(self._inputs, mask)

    def _keep(self, place: str, inputs: Tensor, outputs: Tensor) -> None:
        self._inputs[place] = inputs
