"""Register kinds of parts, forms of plans and tasks that are defined outside the package."""

from __future__ import annotations

from typing import Any, TypeVar

from xling.composition.grammar import FORMS
from xling.modules.kind import Kind
from xling.modules.registry import register_kind
from xling.tasks.registry import TASKS
from xling.tasks.task import Task

ItemT = TypeVar("ItemT")


def register(item: ItemT) -> ItemT:
    """Register a kind, a form of plan or a task, so that it works like a built-in one; return it.

    item: a `Kind`, whose presets become values of `--kind`; a class of plans with the attribute `word` and
    the class method `read(reader)`, whose word plans can then use; or a `Task`, whose name data cards and
    recipes can then use.
    Raises ValueError when the name is taken, and TypeError for any other item.

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
