"""What comes from outside the package: kinds of parts, forms of plans, tasks."""

from __future__ import annotations

from typing import Any, TypeVar

from xling.composition.grammar import FORMS
from xling.modules.kind import Kind
from xling.modules.registry import register_kind
from xling.tasks.registry import TASKS
from xling.tasks.task import Task

ItemT = TypeVar("ItemT")


def register(item: ItemT) -> ItemT:
    """Make a kind, a class of plans or a task known, as if it came with xling; returns it.

    item: a `Kind` (its presets are values of `--kind`), a class of plans with the attribute `word` and the
    class method `read(reader)` (its word is read in plans), or a `Task`, which says itself how its files are
    read: its name may stand in data cards and recipes.
    Raises ValueError for a name that is taken, TypeError for anything else.

    Example:
        >>> import xling
        >>> xling.register(MY_KIND)  # doctest: +SKIP
    """
    made: Any = item
    if isinstance(made, Kind):
        register_kind(made)
    elif isinstance(made, type) and hasattr(made, "word") and hasattr(made, "read"):
        FORMS.add(made.word, made.read)  # pyright: ignore[reportAttributeAccessIssue]
    elif isinstance(made, Task):
        TASKS.add(made.name, lambda: made)
    else:
        raise TypeError(f"{item!r} is no kind, no class of plans and no task")
    return item
