"""Sparse fine-tuning: k entries anywhere in the encoder's parameters change (LT-SFT, Ansell et al. 2022).

Training has two phases. In the first, all parameters that may change are fine-tuned, only to find out which
entries change most. In the second, these k entries start again from the base's values and are trained alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor, nn

from xling.errors import InputError, MismatchError
from xling.languages import UNKNOWN
from xling.modules.entries import Difference, Entries, stored_entries, top_k
from xling.modules.full import Full, FullConfig, changeable, penalty_of
from xling.modules.kind import Kind, PartConfig, Rehearsal
from xling.sites import EncoderShape, key_of, name_of


class SparseConfig(PartConfig, frozen=True):
    """The settings of sparse fine-tuning.

    Attributes:
        k: How many entries change: a count such as 8000, or a share of all parameters such as 0.01.
        l1: The weight in the loss of both phases of the mean absolute difference from the base.
        freeze_norms: Whether the parameters of norms keep the base's values.
        leave_out: Prefixes of parameter names that keep the base's values too.
        rate: The learning rate of the second phase as a multiple of the first one's. A hundredth of the
            entries, each moved as far as in full fine-tuning, have less effect: for short trainings of small
            encoders 10 is better.
    """

    kind: Literal["sparse"] = "sparse"
    k: Annotated[int, Field(gt=0)] | Annotated[float, Field(gt=0, le=1)] = 0.01
    l1: Annotated[float, Field(ge=0)] = 0.0
    freeze_norms: bool = True
    leave_out: tuple[str, ...] = ()
    rate: Annotated[float, Field(gt=0)] = 1.0

    def count(self, shape: EncoderShape) -> int:
        """Return how many entries change. Raises InputError when fewer entries of the encoder may change."""
        count = self.k if isinstance(self.k, int) else max(1, int(self.k * shape.count))
        allowed = sum(value.numel() for value in self.changeable(shape).values())
        if count > allowed:
            raise InputError(
                f"k = {count:,} is more than the {allowed:,} entries that may change",
                where="k",
                hint="give a smaller count, or a share such as 0.01",
            )
        return count

    def changeable(self, shape: EncoderShape) -> Mapping[str, Tensor]:
        """Return the parameters whose entries may change, by name."""
        return changeable(shape, self.leave_out, freeze_norms=self.freeze_norms)


class Sparse(Entries):
    """Differences from the base's values at some entries of the encoder's parameters.

    In training, one dense copy of each changed parameter is kept up to date with the values. Gradients are
    taken at the k entries only, so the optimizer has state for those alone and nothing else can change.
    """

    reads_language = False

    def __init__(
        self, config: SparseConfig, indices: Mapping[str, Tensor], values: Mapping[str, Tensor]
    ) -> None:
        super().__init__(indices, values)
        self.config = config
        self._dense: dict[str, tuple[Tensor, Tensor, Tensor]] = {}

    @classmethod
    def fresh(cls, config: SparseConfig, shape: EncoderShape, generator: Generator) -> Sparse:
        """Start with random entries, each with a difference of zero: the baseline for a selection."""
        allowed = config.changeable(shape)
        sizes = torch.tensor([0, *(value.numel() for value in allowed.values())])
        chosen = _draw(int(sizes.sum()), config.count(shape), generator)
        starts = sizes.cumsum(0)
        bounds = torch.searchsorted(chosen, starts)
        indices = {
            name: chosen[bounds[number] : bounds[number + 1]] - starts[number]
            for number, name in enumerate(allowed)
        }
        return cls.at(config, indices)

    @classmethod
    def selected(cls, config: SparseConfig, tuned: nn.Module, shape: EncoderShape) -> Sparse:
        """Start with the k entries that full fine-tuning changed most, each with a difference of zero."""
        assert isinstance(tuned, Full)
        pairs: dict[str, Difference] = {
            name_of(key): (value.detach(), shape.parameters[name_of(key)])
            for key, value in tuned.values.items()
        }
        return cls.at(config, top_k(pairs, config.count(shape)))

    @classmethod
    def at(cls, config: SparseConfig, indices: Mapping[str, Tensor]) -> Sparse:
        """Start with differences of zero at these entries; parameters without entries are dropped."""
        kept = {name: index for name, index in indices.items() if len(index)}
        return cls(config, kept, {name: torch.zeros(len(index)) for name, index in kept.items()})

    @classmethod
    def restore(cls, config: SparseConfig, shape: EncoderShape, tensors: Mapping[str, Tensor]) -> Sparse:
        """Rebuild the part from its stored entries. Raises ValueError if indices and values do not match."""
        return cls(config, *stored_entries(tensors))

    def weight_names(self, shape: EncoderShape) -> Iterable[str]:
        return tuple(self.indices)

    def weight(self, name: str, below: Tensor, shape: EncoderShape, language: str = UNKNOWN) -> Tensor:
        if name not in self.indices:
            return below
        index, values = self.indices[name].to(below.device), self.values[key_of(name)]
        if index[-1] >= below.numel():
            raise MismatchError(
                f"entry {int(index[-1]):,} of {name} is changed, which has {below.numel():,}",
                where="--plan",
                hint="the module's file is damaged or was made for another base: fetch or train it again",
            )
        if not values.requires_grad:
            return below.detach().clone().view(-1).index_add_(0, index, values).view(below.shape)
        kept = self._dense.get(name)
        if kept is None or kept[0] is not below:
            kept = (below, below.detach().clone(), below.detach().reshape(-1)[index])
            self._dense[name] = kept
        return _Placed.apply(values, kept[1], kept[2], index)

    def penalty(self, shape: EncoderShape) -> Tensor | None:
        """Return the weighted mean absolute difference from the base, over all parameters of the encoder."""
        return penalty_of(self.values.values(), self.config.l1, shape)


class _Placed(torch.autograd.Function):
    """Writes `base + values` into `dense` at some entries; the values get the gradient at these entries."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, dense: Tensor, base: Tensor, index: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        dense.view(-1)[index] = base + values
        return dense.detach()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (index,) = ctx.saved_tensors
        return gradients[0].reshape(-1)[index], None, None, None


def rehearsed(config: SparseConfig) -> FullConfig:
    """Return the configuration of the full fine-tuning in the first phase."""
    return FullConfig(leave_out=config.leave_out, freeze_norms=config.freeze_norms, l1=config.l1)


def _draw(total: int, count: int, generator: Generator) -> Tensor:
    """Draw `count` distinct whole numbers below `total`, sorted."""
    if 2 * count > total:
        return torch.randperm(total, generator=generator)[:count].sort().values
    found = torch.zeros(0, dtype=torch.long)
    while len(found) < count:
        found = torch.cat([found, torch.randint(total, (2 * count,), generator=generator)]).unique()
    return found[torch.randperm(len(found), generator=generator)[:count]].sort().values


KIND = Kind(
    "sparse",
    SparseConfig,
    Sparse.fresh,
    identity=True,
    merges="weights",
    presets={"lt-sft": (SparseConfig(),)},
    restore=Sparse.restore,
    rehearsal=Rehearsal(
        config=rehearsed,
        select=Sparse.selected,
        first="full",
        second="sparse",
        rate=lambda config: config.rate,
    ),
)
