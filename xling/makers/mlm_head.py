"""The MLM head of a base: the checkpoint's own, or one that is fitted once on text.

By default the text are the CLDR strings of all locales, which are names and dates; running text may be given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from xling.bases import fingerprints
from xling.bases.base import Base
from xling.bases.mlm_head import MLMHead
from xling.bases.tied_head import TiedTransform, fit_tied_head
from xling.data import cldr
from xling.data.examples import fingerprint
from xling.errors import InputError
from xling.files import cache_dir, write_atomically
from xling.training.loop import NotFinite
from xling.training.mlm import encode_lines

_LAYOUT = 1
_LINES_PER_LANGUAGE = 40
_LONGEST = 96  # the largest number of pieces in a row


def mlm_head(
    base: Base, progress: Callable[[str], None] = lambda text: None, *, text: Sequence[str] = ()
) -> MLMHead:
    """Return the frozen MLM head of a base. A fitted head is stored in the cache.

    progress: a function that is called with a message when a head has to be fitted. text: lines to fit it on,
    in place of the CLDR strings of all locales.

    Raises NotFinite when the fit diverges, and InputError when there is text to fit a head on and the base
    has a head of its own.
    """
    if base.mlm_head is not None:
        if text:
            hint = "leave it out"
            raise InputError(f"{base.id} has an MLM head of its own", where="--head-text", hint=hint)
        return base.mlm_head
    of_text = f"-{fingerprint(text).removeprefix('sha256:')[:16]}" if text else ""
    name = f"head-{_LAYOUT}{of_text}.safetensors"
    path = cache_dir("heads", base.fingerprint.removeprefix("sha256:")[:16], name)
    if path.exists():
        if (kept := kept_head(base, path)) is not None:
            return kept
        progress(f"{path} is damaged, and made again")
    progress(f"fitting an MLM head, once for this base{' and text' if text else ''}")
    head = fit_tied_head(base, _rows(base, text or _cldr_lines()))
    state = {name: value.contiguous() for name, value in head.state_dict().items()}
    if not all(map(_finite, state.values())):
        raise NotFinite(
            f"the MLM head fitted for {base.id} is not finite, and not kept; its vectors may be too large: "
            "choose another base, or one that has its own head"
        )
    write_atomically(path, save(state))
    return _load(base, state)


def _cldr_lines() -> list[str]:
    return [
        line
        for language in cldr.languages()
        for line in cldr.text(language, "train", count=_LINES_PER_LANGUAGE, seed=0)
    ]


def _rows(base: Base, lines: Sequence[str]) -> list[list[int]]:
    return encode_lines(base.tokenizer, lines, min(_LONGEST, base.max_length))


def kept_head(base: Base, path: Path) -> MLMHead | None:
    """Return a kept head of a base, or None when the file is damaged or of another base."""
    try:
        state = load_file(path)
        whole = state["bias"].shape == base.embeddings.shape[:1] and all(map(_finite, state.values()))
        return _load(base, state) if whole else None
    except (SafetensorError, OSError, KeyError, RuntimeError):
        return None


def _finite(value: torch.Tensor) -> bool:
    return value.is_floating_point() and bool(value.isfinite().all())


def head_fingerprint(head: MLMHead) -> str:
    """Return the SHA-256 of the transform and the biases. The decoder is the base's own embedding table."""
    return fingerprints.of_tensors(head.state_dict().items())


def _load(base: Base, state: dict[str, torch.Tensor]) -> MLMHead:
    transform = TiedTransform(base.shape.hidden)
    head = MLMHead(transform, base.embeddings, state["bias"])
    head.load_state_dict(state)
    return head.eval().to(base.encoder.device)
