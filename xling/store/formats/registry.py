"""Every foreign format: a new one is one file and one entry of `FORMATS`."""

from __future__ import annotations

from xling.registry import Registry
from xling.store.formats import adapterhub, composable_sft, peft
from xling.store.formats.format import Format

FORMATS: Registry[Format] = Registry(
    "format", ((item.FORMAT.name, item.FORMAT) for item in (adapterhub, peft, composable_sft))
)


def format_named(name: str) -> Format:
    """Return the format with this name.

    Raises InputError, which lists the names, when there is none.
    """
    return FORMATS.named(name, where="--format")
