"""xling: language modules, task modules and vocabularies for languages the big models serve badly.

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Base": "xling.bases.opening",
    "load_base": "xling.bases.opening",
    "Module": "xling.modules.module",
    "TrainingSettings": "xling.training.settings",
    "Store": "xling.store.store",
    "Run": "xling.jobs.train_language",
    "train_language": "xling.jobs.train_language",
    "train_task": "xling.jobs.train_task",
    "compose": "xling.jobs.compose",
    "ComposedModel": "xling.jobs.compose",
    "merge": "xling.jobs.merge",
    "register": "xling.jobs.registration",
}
__all__ = ["__version__", *_HOMES]

if TYPE_CHECKING:
    from xling.bases.opening import Base as Base
    from xling.bases.opening import load_base as load_base
    from xling.jobs.compose import ComposedModel as ComposedModel
    from xling.jobs.compose import compose as compose
    from xling.jobs.merge import merge as merge
    from xling.jobs.registration import register as register
    from xling.jobs.train_language import Run as Run
    from xling.jobs.train_language import train_language as train_language
    from xling.jobs.train_task import train_task as train_task
    from xling.modules.module import Module as Module
    from xling.store.store import Store as Store
    from xling.training.settings import TrainingSettings as TrainingSettings


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'xling' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
