"""`average(a, b; 2, 1)`: one module whose parameters are the weighted mean of several modules' parameters.

Source: AdapterSoup (Chronopoulou et al. 2023). For LoRA this averages the two factors and not their
product; `mean(...)` averages the modules' outputs instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from xling.composition.forms.beside import Weighted
from xling.composition.forms.form import Plan
from xling.composition.forms.single import Loaded, check_names
from xling.errors import PlanError
from xling.modules.module import Module, Part
from xling.modules.registry import restore
from xling.sites import EncoderShape


@dataclass(frozen=True)
class Average(Weighted):
    """The weighted average of modules' parameters. Its arguments are module names; it loads as one module."""

    word = "average"

    def __post_init__(self) -> None:
        check_names(self.plans, self.word, "it averages their parameters")
        super().__post_init__()

    def grown(self) -> Plan:
        modules = [plan.module for plan in self.plans if isinstance(plan, Loaded)]
        return Loaded(averaged(modules, self.shares), str(self))


def averaged(modules: Sequence[Module], weights: Sequence[float]) -> Module:
    """Return a module with the weighted mean of the modules' parameters and the metadata of the first.

    weights: one for each module, summing to one. Raises PlanError when the modules differ in kind, options,
    labels or tensor shapes.
    """
    first = modules[0]
    for other in modules[1:]:
        if reason := difference(first, other):
            raise PlanError(
                f"these modules cannot be averaged: {reason}",
                where="--plan",
                hint="mean(...) averages what modules add, whatever their kinds",
            )
    shares = torch.tensor(weights, dtype=torch.float64)
    shape = EncoderShape(first.facts.hidden, first.facts.layers)
    parts = []
    for number, part in enumerate(first.parts):
        states = [module.parts[number].network.state_dict() for module in modules]
        mixed = {
            name: torch.einsum("m,m...->...", shares, torch.stack([s[name].double() for s in states])).float()
            if value.is_floating_point()
            else value
            for name, value in states[0].items()
        }
        network = restore(part.config, shape, mixed).requires_grad_(False)
        parts.append(Part(part.config, part.prefix, network))
    return Module(tuple(parts), first.facts)


def difference(one: Module, other: Module) -> str | None:
    """Return why the parameters of two modules cannot be averaged or compared; None where they can."""
    if [part.config for part in one.parts] != [part.config for part in other.parts]:
        return "their kinds or options differ"
    if one.facts.labels != other.facts.labels:
        return "their label sets differ"
    for mine, theirs in zip(one.parts, other.parts, strict=True):
        ours, yours = mine.network.state_dict(), theirs.network.state_dict()
        if ours.keys() != yours.keys() or any(ours[name].shape != yours[name].shape for name in ours):
            return f"the tensors of their {mine.config.kind} parts differ"
        if any(
            not value.is_floating_point() and not torch.equal(value, yours[n]) for n, value in ours.items()
        ):
            return f"their {mine.config.kind} parts change other entries"
    return None
