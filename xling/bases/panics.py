"""Panics of the library `tokenizers`, which a damaged or hostile tokenizer can cause at any text it reads.

They are no Exception in Python, and write a report of their own on stderr.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_PROBE = "xling 12.5: Ñandú, ɔkɔ! देव 日本語 ߒߞߏ \u200b"


def probe(tokenizer: Any) -> None:
    """Let a tokenizer of the library `tokenizers` read a text of many scripts. Raises whatever it raises."""
    with panics_as_errors():
        tokenizer.decode(tokenizer.encode(_PROBE).ids)


@contextmanager
def panics_as_errors() -> Iterator[None]:
    """Turn a panic into a RuntimeError; meanwhile, nothing is written on the process's stderr."""
    silent, stderr = os.open(os.devnull, os.O_WRONLY), os.dup(2)
    os.dup2(silent, 2)
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise RuntimeError(str(error)) from None
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(silent)
