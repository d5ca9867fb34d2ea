"""Sparse differences: k entries of the encoder's parameters, wherever they lie (LT-SFT, Ansell et al. 2022).

Training is in two phases. First everything that may change is fine-tuned, only to see what moves most;
then those k entries start again from the base's values and learn alone.
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
from xling.modules.full import Full, FullConfig, changeable
from xling.modules.kind import Kind, PartConfig, Rehearsal
from xling.sites import EncoderShape, key_of, name_of


class SparseConfig(PartConfig, frozen=True):
    """k: how many entries change, as a count (8000) or as a share of all parameters (0.01).

    l1: weight of the distance from the base, as a mean over all parameters, in both phases' loss.
    freeze_norms: norms keep the base's values. leave_out: beginnings of parameter names that do too.
    rate: the second phase's learning rate, as a multiple of the first's. A hundredth of the entries, each
    moved as far as in full fine-tuning, comes less far: in short trainings of small encoders 10 is better.
    """

    kind: Literal["sparse"] = "sparse"
    k: Annotated[int, Field(gt=0)] | Annotated[float, Field(gt=0, le=1)] = 0.01
    l1: Annotated[float, Field(ge=0)] = 0.0
    freeze_norms: bool = True
    leave_out: tuple[str, ...] = ()
    rate: Annotated[float, Field(gt=0)] = 1.0

    def count(self, shape: EncoderShape) -> int:
        """How many entries change; InputError when the encoder has fewer entries that may change."""
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
        """The parameters whose entries may change."""
        return changeable(shape, self.leave_out, freeze_norms=self.freeze_norms)


class Sparse(Entries):
    """The entries are differences of the encoder's parameters.

    While it learns, one dense copy of each changed parameter follows the values; gradients are read off
    at the k entries, so optimizers hold state for those alone and nothing else can move.
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
        """Entries drawn at random, each with a difference of zero: what a selection has to beat."""
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
        """The k entries that full fine-tuning moved most, each with a difference of zero."""
        assert isinstance(tuned, Full)
        pairs: dict[str, Difference] = {
            name_of(key): (value.detach(), shape.parameters[name_of(key)])
            for key, value in tuned.values.items()
        }
        return cls.at(config, top_k(pairs, config.count(shape)))

    @classmethod
    def at(cls, config: SparseConfig, indices: Mapping[str, Tensor]) -> Sparse:
        """Differences of zero at some entries; parameters without any are dropped."""
        kept = {name: index for name, index in indices.items() if len(index)}
        return cls(config, kept, {name: torch.zeros(len(index)) for name, index in kept.items()})

    @classmethod
    def restore(cls, config: SparseConfig, shape: EncoderShape, tensors: Mapping[str, Tensor]) -> Sparse:
        """The entries as they were stored; ValueError when indices and values do not match."""
        return cls(config, *stored_entries(tensors))

    def weight_names(self, shape: EncoderShape) -> Iterable[str]:
        return self.names

    def weight(self, name: str, below: Tensor, shape: EncoderShape, language: str = UNKNOWN) -> Tensor:
        if name not in self._indices:
            return below
        index, values = self._indices[name].to(below.device), self.values[key_of(name)]
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
        """The weighted mean distance of all parameters from the base's."""
        if not self.config.l1:
            return None
        return self.config.l1 * torch.stack([v.abs().sum() for v in self.values.values()]).sum() / shape.count


class _Placed(torch.autograd.Function):
    """`dense` with `base + values` at some entries; the gradient of the values is read off there."""

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
    """What the first phase trains."""
    return FullConfig(leave_out=config.leave_out, freeze_norms=config.freeze_norms, l1=config.l1)


def _draw(total: int, count: int, generator: Generator) -> Tensor:
    """`count` distinct numbers below `total`, sorted."""
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
