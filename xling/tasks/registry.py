"""Every task by name."""

from __future__ import annotations

from collections.abc import Mapping

from xling.errors import InputError
from xling.tasks.classification import Classification
from xling.tasks.tagging import Tagging
from xling.tasks.task import Task

TASKS: Mapping[str, Task] = {task.name: task for task in (Tagging(), Classification())}


def task_named(name: str, *, where: str = "--task") -> Task:
    """The task of a name; InputError lists the names."""
    if name not in TASKS:
        raise InputError(f"no task is called {name!r}", where=where, choices=TASKS)
    return TASKS[name]
