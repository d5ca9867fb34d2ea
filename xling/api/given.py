"""Arguments of the Python interface as specifications, modules and plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from xling.composition.contents import named, with_new
from xling.composition.forms.auto import spelled_out
from xling.composition.forms.form import Plan
from xling.composition.forms.single import NEW
from xling.composition.grammar import parse
from xling.errors import PlanError
from xling.makers.stage import Stage
from xling.modules.module import Module
from xling.store.store import Store
from xling.training.specs import SpecT, TrainingSettings, specified

Modules = Mapping[str, Module]


def told(spec: type[SpecT], settings: TrainingSettings | None, values: Mapping[str, Any]) -> SpecT:
    """Make a specification from the given values, with the settings of the training loop, if any."""
    said = {key: value for key, value in values.items() if value is not None}
    return specified(spec, {**said, **({"training": settings} if settings else {})}, where=spec.__name__)


def given(**modules: Module | None) -> dict[str, Module]:
    """Return the modules that were given, by role."""
    return {role: module for role, module in modules.items() if module is not None}


def around(stage: Stage, plan: str | Plan | None, *, modules: Modules | None, store: Store | None) -> Stage:
    """Return the training of a module in a plan of frozen modules, which are given or lie in the store.

    plan: `new` stands in it for the module that is trained, which is on top if it does not; None puts nothing
    around it.
    """
    if plan is None:
        return stage
    own = with_new(every(plan, modules, store))
    return replace(stage, plan=own, modules={**stage.modules, **found_in(own, modules or {}, store)})


def every(plan: str | Plan, modules: Modules | None, store: Store | None) -> Plan:
    """Return a plan in which `lang/*` is replaced by modules of that folder, those given or the store's."""
    known = parse(plan) if isinstance(plan, str) else plan
    return spelled_out(known, lambda: dict.fromkeys((*(modules or ()), *(store.names() if store else ()))))


def found_in(plan: Plan, modules: Modules, store: Store | None) -> dict[str, Module]:
    """Return the modules that a plan names, from `modules` or the store; PlanError if one is missing."""
    names = [own for own in named(plan) if own != NEW]
    unknown = [str(own) for own in names if str(own) not in modules]
    if unknown and store is None:
        raise PlanError(
            f"the plan names {unknown[0]}, which is not among the modules",
            where="below",
            choices=tuple(modules),
            hint="give it in modules, or give a store",
        )
    looked_up = {str(own): store.get(own) for own in names if store and str(own) in unknown}
    return {str(own): modules[str(own)] for own in names if str(own) in modules} | looked_up
