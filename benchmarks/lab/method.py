"""A method: which modules it needs, and the plan that predicts with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lab.ground import Ground
from xling.makers.stage import Stage
from xling.modules.module import Module

Modules = Mapping[str, Stage | Module]
CONTROL = "none"


def everywhere(ground: Ground, language: str) -> bool:
    """Return that a method suits every language."""
    return True


@dataclass(frozen=True, kw_only=True)
class Method:
    """A way to predict a language, as a value.

    plan: the plan that predicts a language with a seed.
    modules: the modules that the plan names. Stages are made once, in the folder of a work folder that their
    key names, so methods share them.
    suits: whether there is what the method needs for a language; where not, it has no score there.
    rows: how many rows of a language it is scored on, the first ones; None takes all.
    control: the name of the method that its gain is over.
    """

    name: str
    plan: Callable[[str, int], str]
    modules: Callable[[Ground, str, int], Modules]
    suits: Callable[[Ground, str], bool] = everywhere
    rows: int | None = None
    control: str = CONTROL
