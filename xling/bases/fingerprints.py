"""What makes two bases or tokenizers the same, as short texts that can be compared and stored."""

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
    """SHA-256 over names, shapes, types and bytes, in name order; `sha256:` and 64 hex digits."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors):
        value = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {tuple(value.shape)} {value.dtype}\n".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return f"sha256:{digest.hexdigest()}"


def of_tokenizer(tokenizer: Any) -> str:
    """SHA-256 over pieces, special tokens and the ids of a fixed probe text.

    File bytes say little: one tokenizer is written differently by each version of its library.
    """
    digest = hashlib.sha256()
    for piece, number in sorted(tokenizer.get_vocab().items(), key=lambda item: (item[1], item[0])):
        digest.update(f"{number} {piece}\n".encode())
    special = [tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id]
    special += [tokenizer.unk_token_id, tokenizer.mask_token_id]
    digest.update(repr(special).encode())
    digest.update(repr(list(tokenizer(PROBE)["input_ids"])).encode())
    return f"sha256:{digest.hexdigest()}"
