"""Names in strangers' files that become names of folders: one step of a path, which leads nowhere else."""

from __future__ import annotations

import re

_LONGEST = 120  # bytes: a file system has 255 for a name with its additions
_MODULE = re.compile(r"\w[\w.+-]*")


def folder_name(text: str) -> str:
    """Return a text that can name a folder. Raises ValueError when it is no single printable step of a path.

    It begins with a letter, a digit or `_`, so that it is neither hidden, nor an option of a command.
    """
    begins = text[:1].isalnum() or text.startswith("_")
    whole = text.isprintable() and not text.endswith((".", " ")) and not {"/", "\\"} & set(text)
    if not begins or not whole or len(text.encode("utf-8", "surrogatepass")) > _LONGEST:
        raise ValueError(
            f"{text[:_LONGEST]!r} names no folder: begin with a letter or digit, end in no dot or blank, "
            f"without / or \\, in {_LONGEST} bytes at most"
        )
    return text


def module_name(text: str) -> str:
    """Return a text that can name a folder and stand in a plan. Raises ValueError for any other."""
    if not _MODULE.fullmatch(folder_name(text)):
        raise ValueError(f"{text!r} can stand in no plan: write letters, digits and the signs _ . + -")
    return text
