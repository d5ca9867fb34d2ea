"""Bottlenecks that are pruned before training to a share of their weights (SparseAdapter, He et al. 2022).

A wide bottleneck of which a quarter is trained ("Large-Sparse") is as small on disk as a narrow one and can
learn more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor, nn
from torch.func import functional_call

from xling.modules.bottleneck import BottleneckConfig, BottleneckOptions, Bottlenecks, Reduction
from xling.modules.entries import Entries, stored_entries, top_k
from xling.modules.kind import Kind, Rehearsal
from xling.sites import EncoderShape, Place, ResidualState, key_of, name_of

_MOST_LOST = 8  # times fewer: a number that never had a gradient is not kept


class SparseBottleneckConfig(BottleneckOptions, frozen=True):
    """The settings of a sparse bottleneck, beside those of a bottleneck.

    Attributes:
        share: The share of the parameters' values that is kept.
        by: How they are selected: `snip` keeps the largest |weight x gradient| over the first passes (Lee et
            al. 2019), `magnitude` the largest |weight|.
        reduction_factor: The hidden size divided by the width of the bottleneck.
        up_std: The standard deviation of the initial up projection; not 0, for the selection to work.
    """

    kind: Literal["sparse_bottleneck"] = "sparse_bottleneck"
    share: Annotated[float, Field(ge=0.001, le=1)] = 0.25
    by: Literal["snip", "magnitude"] = "snip"
    reduction_factor: Reduction = 4
    up_std: Annotated[float, Field(gt=0)] = 0.02

    @property
    def dense(self) -> BottleneckConfig:
        """The settings of the bottleneck before pruning."""
        own = self.model_dump(include=set(BottleneckOptions.model_fields) - {"kind"})
        return BottleneckConfig(**own)


class SparseBottlenecks(Entries):
    """The values of bottlenecks that are kept; all others are zero."""

    def __init__(
        self,
        config: SparseBottleneckConfig,
        shape: EncoderShape,
        *,
        indices: Mapping[str, Tensor],
        values: Mapping[str, Tensor],
    ) -> None:
        super().__init__(indices, values)
        with torch.device("meta"):
            dense = Bottlenecks(config.dense, shape, Generator())
        self._dense = (dense,)  # in a tuple, so that torch does not count its parameters as this module's
        self._shapes = {name_of(name): value.shape for name, value in dense.named_parameters()}
        for name, index in indices.items():
            if name not in self._shapes or (len(index) and int(index[-1]) >= self._shapes[name].numel()):
                raise ValueError(f"the kept numbers of {name} do not fit this bottleneck")

    @classmethod
    def fresh(
        cls, config: SparseBottleneckConfig, shape: EncoderShape, generator: Generator
    ) -> SparseBottlenecks:
        """Start from new bottlenecks pruned by magnitude, since there are no gradients yet."""
        return cls.selected(config, Bottlenecks(config.dense, shape, generator), shape)

    @classmethod
    def selected(
        cls, config: SparseBottleneckConfig, dense: nn.Module, shape: EncoderShape
    ) -> SparseBottlenecks:
        """Prune dense bottlenecks: by |weight x gradient| where there are gradients, else by |weight|."""
        found = {name_of(name): value for name, value in dense.named_parameters()}
        scores = {
            name: value.detach() if value.grad is None else value.detach() * value.grad
            for name, value in found.items()
        }
        total = sum(value.numel() for value in found.values())
        scored = sum(int((value != 0).sum()) for value in scores.values())
        k = max(1, min(int(config.share * total), scored))
        chosen = top_k({name: (value, torch.zeros_like(value)) for name, value in scores.items()}, k)
        kept = {name: index for name, index in chosen.items() if len(index)}
        values = {name: found[name].detach().reshape(-1)[index].clone() for name, index in kept.items()}
        return cls(config, shape, indices=kept, values=values)

    @classmethod
    def restore(
        cls, config: SparseBottleneckConfig, shape: EncoderShape, tensors: Mapping[str, Tensor]
    ) -> SparseBottlenecks:
        """Rebuild the part from its stored values. Raises ValueError when far fewer are kept than stated."""
        indices, values = stored_entries(tensors)
        kept, stated = sum(map(len, values.values())), int(config.share * config.numbers(shape))
        if stated > _MOST_LOST * max(1, kept):
            raise ValueError(f"{kept:,} numbers are kept, not the {stated:,} of this bottleneck")
        return cls(config, shape, indices=indices, values=values)

    def residual_sites(self) -> Iterable[tuple[int, Place]]:
        return self._dense[0].sites

    @property
    def replaces(self) -> bool:
        return self._dense[0].replaces

    def own(self, layer: int, place: Place, state: ResidualState) -> Tensor:
        device = state.sublayer.device
        own = {
            name: self._tensor(name_of(name), device)
            for name, _ in self._dense[0].named_parameters()
            if name.startswith(f"at.{layer}/{place}.")
        }
        return functional_call(self._dense[0], own, (layer, place, state))

    def _tensor(self, name: str, device: torch.device) -> Tensor:
        shape = self._shapes[name]
        empty = torch.zeros(shape.numel(), device=device)
        if name not in self.indices:
            return empty.view(shape)
        return empty.index_put((self.indices[name].to(device),), self.values[key_of(name)]).view(shape)


KIND = Kind(
    "sparse_bottleneck",
    SparseBottleneckConfig,
    SparseBottlenecks.fresh,
    identity=False,
    merges="none",
    presets={"large-sparse": (SparseBottleneckConfig(),)},
    restore=SparseBottlenecks.restore,
    rehearsal=Rehearsal(
        config=lambda config: config.dense if config.by == "snip" else None,
        select=SparseBottlenecks.selected,
        first="dense",
        second="pruned",
        trains=False,
    ),
)
