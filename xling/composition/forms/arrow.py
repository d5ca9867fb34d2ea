"""`arrow(lang/a, lang/b, lang/c; 2)`: each token chooses, at each site, the LoRA modules that suit it most.

Source: Ostapenko et al. 2024 (Arrow, section 3.3). The prototype of a module at a site is the input direction
that its change stretches most, the top right singular vector of B A. A token with the input x scores a module
by |x · prototype|; the changes of the best ones are added up, in the shares of a softmax over their scores.
Nothing is learned. As PEFT computes it, x is not normalised; the vectors are exact here, by 15 power
iterations there.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor

from xling.composition.forms.beside import check_beside
from xling.composition.forms.form import HeadState, Node, Plan, called, nodes, outputs_changed, walk
from xling.composition.forms.single import NEW, Loaded, check_names
from xling.errors import PlanError
from xling.modules.ia3 import IA3
from xling.modules.lora import Lora
from xling.modules.registry import KINDS
from xling.sites import LinearState, name_of

if TYPE_CHECKING:
    from xling.composition.grammar import Reader

_TOP_K = 3  # as in PEFT


@dataclass(frozen=True)
class Arrow(Node):
    """LoRA modules of which each token takes the best at each site. Its arguments are names of modules.

    plans: at least one. top_k: how many a token takes; 0 stands for three, or for all where there are fewer.
    temperature: what the scores are divided by; a high one evens the shares out.
    """

    plans: tuple[Plan, ...]
    top_k: int = 0
    temperature: float = 1.0

    word = "arrow"

    def __post_init__(self) -> None:
        check_names(self.plans, self.word, "it chooses among their parameters")
        if NEW in self.plans:
            raise PlanError(
                f"{self.word} chooses among modules that are finished, and {NEW} is the one to train",
                where="--plan",
                hint=f"train it alone, or above: arrow(a, b) >> {NEW}",
            )
        count = len(self.plans)
        object.__setattr__(self, "top_k", self.top_k or min(_TOP_K, count))
        if not 1 <= self.top_k <= count:
            raise PlanError(
                f"{self.word} of {count} modules cannot take {self.top_k} of them",
                where="--plan",
                hint=f"have each token take 1 to {count}",
            )
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise PlanError(
                f"the temperature of {self.word} must be above zero: {self.temperature}", where="--plan"
            )

    @classmethod
    def read(cls, reader: Reader) -> Plan:
        """Parse names and, after a semicolon, how many are taken and the temperature."""
        plans = tuple(reader.separated(reader.plan))
        if not reader.passed(";"):
            return cls(plans)
        top_k = reader.count()
        if not top_k:
            raise reader.fault(f"{cls.word} takes at least one of its modules, not 0")
        return cls(plans, top_k, reader.number() if reader.passed(",") else 1.0)

    def __str__(self) -> str:
        temperature = "" if self.temperature == 1.0 else f", {self.temperature!r}"
        return f"{called(self.word, self.plans)[:-1]}; {self.top_k}{temperature})"

    def grown(self) -> Plan:
        check_beside(self)
        for leaf in (plan for plan in self.plans if isinstance(plan, Loaded)):
            _check_lora(leaf)
        return self

    @property
    def places(self) -> Collection[str]:
        return self._experts

    def linear_increment(self, place: str, state: LinearState) -> Tensor | None:
        own = self._experts.get(place)
        return None if own is None else own.change(state.inputs, self.top_k, self.temperature)

    def scores(self, state: HeadState) -> Tensor | None:
        """The mean of the heads' scores."""
        found = [scores for node in nodes(self) if (scores := node.scores(state)) is not None]
        return torch.stack(found).mean(0) if found else None

    @cached_property
    def _experts(self) -> dict[str, _Experts]:
        """The modules that act at each site, by its key."""
        found: dict[str, list[_Factors]] = {}
        for plan in self.plans:
            for key, own in (_factors(plan) if isinstance(plan, Loaded) else {}).items():
                found.setdefault(name_of(key), []).append(own)
        return {place: _Experts.of(own) for place, own in found.items()}


@dataclass(frozen=True)
class _Factors:
    """A module's change at one site, up @ down: down is A [rank, inputs], up is s B [outputs, rank]."""

    down: Tensor
    up: Tensor

    def prototype(self) -> Float[Tensor, " inputs"]:
        """Return the top right singular vector of up @ down; zeros where that is zero.

        With down.T = Q R, it is Q times that of up @ R.T, which has only `rank` columns.
        """
        basis, corner = torch.linalg.qr(self.down.double().T)
        _, stretched, directions = torch.linalg.svd(self.up.double() @ corner.T, full_matrices=False)
        return (basis @ directions[0] * (stretched[0] > 0)).float()


@dataclass(frozen=True)
class _Experts:
    """The modules at one site: their factors side by side.

    prototypes: [modules, inputs]. down: [ranks, inputs], of all modules. up: [outputs, ranks]. owners: the
    number of the module of each rank.
    """

    prototypes: Tensor
    down: Tensor
    up: Tensor
    owners: Tensor

    @classmethod
    @torch.no_grad()
    def of(cls, factors: Sequence[_Factors]) -> _Experts:
        ranks = torch.tensor([len(own.down) for own in factors], device=factors[0].down.device)
        return cls(
            prototypes=torch.stack([own.prototype() for own in factors]),
            down=torch.cat([own.down for own in factors]),
            up=torch.cat([own.up for own in factors], 1),
            owners=torch.repeat_interleave(torch.arange(len(factors), device=ranks.device), ranks),
        )

    def change(self, inputs: Tensor, top_k: int, temperature: float) -> Tensor:
        """Return what the best modules of each token add, [*rows, outputs]. inputs: [*rows, inputs]."""
        scores = (inputs @ self.prototypes.to(inputs).T).abs()
        best = scores.topk(min(top_k, len(self.prototypes)), dim=-1)
        kept = torch.full_like(scores, -math.inf).scatter(-1, best.indices, best.values)
        shares = (kept / temperature).softmax(-1)
        within = inputs @ self.down.to(inputs).T * shares[..., self.owners.to(inputs.device)]
        return within @ self.up.to(inputs).T


def check_scaled(plans: Sequence[Plan]) -> None:
    """Raise PlanError when a module in a stack scales weights to whose outputs a plan below it adds.

    plans: those of the stack, the lowest first. Scales act on weights, and no weight holds what is added.
    """
    below: Plan | None = None
    for plan in plans:
        leaves = (inner for inner in walk(plan) if isinstance(inner, Loaded))
        scaler = next((leaf for leaf in leaves if any(isinstance(own, IA3) for own in leaf.weighers)), None)
        if below is not None and scaler is not None:
            raise PlanError(
                f"{scaler} scales weights, and cannot scale what {below} below it adds to their outputs",
                where="--plan",
                hint=f"stack it below: {scaler} >> {below}",
            )
        below = plan if outputs_changed(plan) else below


def _check_lora(leaf: Loaded) -> None:
    """Raise PlanError when a module is anything but LoRA and a head."""
    kinds = [part.config.kind for part in leaf.module.parts if not KINDS[part.config.kind].head]
    if set(kinds) != {"lora"}:
        told = f"is made of {' and '.join(dict.fromkeys(kinds))}" if kinds else "is a head alone"
        raise PlanError(
            f"{leaf} {told}, and arrow chooses among LoRA modules",
            where="--plan",
            hint=f"stack it: {leaf} >> arrow(...); or combine what modules of any kind add: mean(...)",
        )


def _factors(leaf: Loaded) -> dict[str, _Factors]:
    """Return a module's change at each site by its key: the sum of what its parts change there."""
    found: dict[str, list[_Factors]] = {}
    for part in (own for own in leaf.weighers if isinstance(own, Lora)):
        for key, down in part.down.items():
            found.setdefault(key, []).append(
                _Factors(down.detach(), part.config.scale * part.up[key].detach())
            )
    return {
        key: _Factors(torch.cat([one.down for one in own]), torch.cat([one.up for one in own], 1))
        for key, own in found.items()
    }
