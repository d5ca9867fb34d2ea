"""Fingerprints of bases and tokenizers: short texts that are equal when the contents are equal."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

PROBE = (
    "The quick brown fox; 1,234.5 in Zürich. Habari za asubuhi! Ẹ káàárọ̀. Ụtụtụ ọma. "
    "Доброе утро 早上好 สวัสดี नमस्ते ሰላም ߌ ߣߌ߫ ߛߐ߲߬ߜߐ߬ߡߊ ⵜⵉⴼⵉⵏⴰⵖ ᏣᎳᎩ \u200dé \ufb01"
)


def of_tensors(tensors: Iterable[tuple[str, Tensor]]) -> str:
    """Return the SHA-256 of names, shapes, types and bytes, in name order: `sha256:` and 64 hex digits."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors):
        value = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {tuple(value.shape)} {value.dtype}\n".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return f"sha256:{digest.hexdigest()}"


def of_tokenizer(tokenizer: Any) -> str:
    """Return the SHA-256 of the pieces, the special tokens and the ids of a fixed probe text.

    The bytes of its files are not used: each version of the library writes the same tokenizer differently.
    """
    digest = hashlib.sha256()
    for piece, number in sorted(tokenizer.get_vocab().items(), key=lambda item: (item[1], item[0])):
        digest.update(f"{number} {piece}\n".encode())
    special = [getattr(tokenizer, f"{role}_token_id") for role in ("cls", "sep", "pad", "unk", "mask")]
    digest.update(repr(special).encode())
    digest.update(repr(list(tokenizer(PROBE)["input_ids"])).encode())
    return f"sha256:{digest.hexdigest()}"
