"""The shared tasks by name."""

from __future__ import annotations

from xling.registry import Registry
from xling.submission import afrisenti, americasnli, masakhaner, xsid
from xling.submission.submission import SharedTask

TASKS: Registry[SharedTask] = Registry(
    "shared task",
    (
        ("afrisenti", afrisenti.TASK),
        ("americasnli", americasnli.TASK),
        ("masakhaner", masakhaner.TASK),
        ("norsid", xsid.TASK),
        ("sid4lr", xsid.TASK),
    ),
)


def task_named(name: str) -> SharedTask:
    """A shared task; InputError lists those there are."""
    return TASKS.named(name, where="SHARED_TASK")
