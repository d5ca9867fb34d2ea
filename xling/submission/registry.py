"""The shared tasks by name."""

from __future__ import annotations

from collections.abc import Mapping

from xling.errors import InputError
from xling.submission import afrisenti, americasnli, masakhaner, xsid
from xling.submission.submission import SharedTask, quoted

TASKS: Mapping[str, SharedTask] = {
    "afrisenti": afrisenti.TASK,
    "americasnli": americasnli.TASK,
    "masakhaner": masakhaner.TASK,
    "norsid": xsid.TASK,
    "sid4lr": xsid.TASK,
}


def task_named(name: str) -> SharedTask:
    """A shared task; InputError lists those there are."""
    if name not in TASKS:
        raise InputError(f"no shared task is called {quoted(name)}", where="SHARED_TASK", choices=TASKS)
    return TASKS[name]
