"""All tasks by name. The names are known without importing torch; a task is imported when it is used."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from xling.registry import Registry

if TYPE_CHECKING:
    from xling.tasks.task import Task


def _load(name: str) -> Task:
    """Import a task from this package: `intent-slots` is the value `TASK` of `intent_slots.py`."""
    return import_module(f"xling.tasks.{name.replace('-', '_')}").TASK


TASKS: Registry[Callable[[], Task]] = Registry(
    "task",
    (
        (name, partial(_load, name))
        for name in (
            "tagging",
            "pos",
            "parsing",
            "intent-slots",
            "classification",
            "multi-label",
            "question-answering",
            "multiple-choice",
        )
    ),
)


def task_named(name: str, *, where: str = "--task") -> Task:
    """Return the task of a name; raises InputError, with all names, when there is none."""
    return TASKS.named(name, where=where)()
