"""xling: language modules, task modules and vocabularies for languages the big models serve badly.

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Base": "xling.bases.base",
    "load_base": "xling.bases.base",
    "Module": "xling.modules.module",
    "TrainingSettings": "xling.training.settings",
    "Store": "xling.store.store",
    "Run": "xling.makers.language",
    "train_language": "xling.makers.language",
    "train_task": "xling.makers.task",
    "compose": "xling.makers.composed_model",
    "ComposedModel": "xling.makers.composed_model",
    "merge": "xling.jobs.merge",
    "register": "xling.jobs.registration",
}
__all__ = ["__version__", *_HOMES]

if TYPE_CHECKING:
    from xling.bases.base import Base as Base
    from xling.bases.base import load_base as load_base
    from xling.jobs.merge import merge as merge
    from xling.jobs.registration import register as register
    from xling.makers.composed_model import ComposedModel as ComposedModel
    from xling.makers.composed_model import compose as compose
    from xling.makers.language import Run as Run
    from xling.makers.language import train_language as train_language
    from xling.makers.task import train_task as train_task
    from xling.modules.module import Module as Module
    from xling.store.store import Store as Store
    from xling.training.settings import TrainingSettings as TrainingSettings


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'xling' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
