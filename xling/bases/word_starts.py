"""Tokenizers that read a word differently after a space: every word gets a space, also the first one.

Byte-level BPE reads `anaishi` and ` anaishi` as different pieces, and in pretraining nearly all words came
after a space. Words that are passed one by one, as in tagging, have no space unless the tokenizer adds it.
The usual NER scripts ask for that (`add_prefix_space=True`), but some tokenizer classes ignore the option.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from tokenizers import Tokenizer, models

from xling.bases.fingerprints import PROBE

_OPTION = "add_prefix_space"
State = dict[str, Any]


def space_before_words(tokenizer: Any) -> None:
    """Make a fast tokenizer read a word at the start of a text as it reads it after a space.

    Tokenizers that mark the start of every word, or of none, are not changed. The rest of a text, from its
    first space on, is read as before.
    """
    inner = tokenizer.backend_tokenizer
    if not _misses_space(inner):
        return
    behind_space, text = _read(inner, " a"), _read(inner, f" {PROBE}")
    before = _steps(inner)
    for remedy in _REMEDIES:
        inner.pre_tokenizer, inner.post_processor = _built(remedy(before))
        if _read(inner, "a") == behind_space and _read(inner, f" {PROBE}") == text:
            # saving the tokenizer and opening it again both use this option
            tokenizer.add_prefix_space = tokenizer.init_kwargs[_OPTION] = True
            return
    inner.pre_tokenizer, inner.post_processor = _built(before)


def _misses_space(inner: Tokenizer) -> bool:
    """Return whether a word at the start of a text is read differently from one after a space."""
    bare, spaced = _read(inner, "a"), _read(inner, " a")
    return bare != spaced and _read(inner, "a a") == bare + spaced


def _read(inner: Tokenizer, text: str) -> list[int]:
    """Return the piece ids of a text, without truncation and padding that the tokenizer's file may set."""
    inner.no_truncation()
    inner.no_padding()
    return inner.encode(text, add_special_tokens=False).ids


def _steps(inner: Tokenizer) -> Mapping[str, State | None]:
    """Return the JSON of the steps before and after the tokenizer's model."""
    named = {"pre_tokenizer": inner.pre_tokenizer, "post_processor": inner.post_processor}
    return {name: None if step is None else json.loads(step.__getstate__()) for name, step in named.items()}


def _built(steps: Mapping[str, State | None]) -> tuple[Any, Any]:
    carrier = json.loads(Tokenizer(models.BPE()).to_str())
    opened = Tokenizer.from_str(json.dumps({**carrier, **steps}))
    return opened.pre_tokenizer, opened.post_processor


def _by_option(steps: Mapping[str, State | None]) -> Mapping[str, State | None]:
    """Set the option: the byte-level step adds the space, and the last step removes it from the offsets."""
    return {name: _with_option(step) for name, step in steps.items()}


def _with_option(step: Any) -> Any:
    if isinstance(step, list):
        return [_with_option(inner) for inner in step]
    if not isinstance(step, dict):
        return step
    changed = {key: _with_option(value) for key, value in step.items()}
    return {**changed, _OPTION: True} if step.get("type") in _WITH_OPTION else changed


def _by_step(mark: str, steps: Mapping[str, State | None]) -> Mapping[str, State | None]:
    """Add a first step, which puts the mark of a space before texts without one."""
    lead = {"type": "Metaspace", "replacement": mark, "prepend_scheme": "always", "split": False}
    own = steps["pre_tokenizer"]
    return {**steps, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [lead, *([own] if own else [])]}}


_WITH_OPTION = ("ByteLevel", "RobertaProcessing")
# A byte-level step adds the space to every text it gets: after a step that splits, also to parts of words.
# In that case, and where a normaliser replaces spaces, a separate first step adds the space.
_REMEDIES: Sequence[Callable[[Mapping[str, State | None]], Mapping[str, State | None]]] = (
    _by_option,
    partial(_by_step, " "),
    partial(_by_step, "▁"),
)
