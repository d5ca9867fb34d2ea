"""Every foreign format: a new one is one file and one line of `FORMATS`."""

from __future__ import annotations

from collections.abc import Mapping

from xling.errors import InputError
from xling.store.formats import adapterhub, composable_sft, peft
from xling.store.formats.foreign import Format

FORMATS: Mapping[str, Format] = {item.FORMAT.name: item.FORMAT for item in (adapterhub, peft, composable_sft)}


def format_named(name: str) -> Format:
    """The format of a name; InputError lists the names."""
    if name not in FORMATS:
        raise InputError(f"no format is called {name!r}", where="--format", choices=FORMATS)
    return FORMATS[name]
