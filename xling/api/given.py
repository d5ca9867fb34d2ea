"""Arguments of the Python interface as specifications and modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xling.modules.module import Module
from xling.training.specs import (
    SpecT,
    TrainingSettings,
    specified,
)


def told(spec: type[SpecT], settings: TrainingSettings | None, values: Mapping[str, Any]) -> SpecT:
    """Make a specification from the given values, with the settings of the training loop, if any."""
    said = {key: value for key, value in values.items() if value is not None}
    return specified(spec, {**said, **({"training": settings} if settings else {})}, where=spec.__name__)


def given(**modules: Module | None) -> dict[str, Module]:
    """Return the modules that were given, by role."""
    return {role: module for role, module in modules.items() if module is not None}
