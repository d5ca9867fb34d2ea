"""One spelling for several: what a tokenizer of a language's own writes in another way before it splits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xling.errors import InputError


def respelled(normalizer: Mapping[str, Any] | None, spellings: Mapping[str, str]) -> dict[str, Any]:
    """A normaliser's JSON, followed by the replacement of each string by another, in their order.

    Orthographies that are not settled write a word in several ways (Tamasheq in Tifinagh with and without
    its vowels and long consonants), so that a test's words are no words of the training text.
    Raises InputError for an empty string or one that stands for itself.
    """
    for written, spelled in spellings.items():
        if not written or written == spelled:
            raise InputError(
                f"{written!r} to {spelled!r} changes nothing",
                where="spellings",
                hint="give a string and another one for it",
            )
    steps = [
        {"type": "Replace", "pattern": {"String": written}, "content": spelled}
        for written, spelled in spellings.items()
    ]
    return {"type": "Sequence", "normalizers": [*([dict(normalizer)] if normalizer else []), *steps]}
