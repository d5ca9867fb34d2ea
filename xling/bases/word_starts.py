"""Tokenizers that tell a word by the space before it: each word gets one, the first of a text too.

Byte-level BPE reads `anaishi` and ` anaishi` as different pieces, and pretraining saw nearly all words with
the space. Words that are given one by one, as in tagging, have none before them unless the tokenizer adds
it; the field's scripts for NER ask for that (`add_prefix_space=True`), which some classes do not pass on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tokenizers import Tokenizer, models

from xling.bases.fingerprints import PROBE

_OPTION = "add_prefix_space"
State = dict[str, Any]


def space_before_words(tokenizer: Any) -> None:
    """Let a fast tokenizer read a word that nothing stands before as it reads it behind a space.

    Others, which mark the beginning of every word or of none, stay as they are; so does what a text is read
    as from its first space on.
    """
    inner = tokenizer.backend_tokenizer
    if not _misses_space(inner):
        return
    behind_space, text = _read(inner, " a"), _read(inner, f" {PROBE}")
    before = _steps(inner)
    for remedy in _REMEDIES:
        inner.pre_tokenizer, inner.post_processor = _built(remedy(before))
        if _read(inner, "a") == behind_space and _read(inner, f" {PROBE}") == text:
            break
    else:
        inner.pre_tokenizer, inner.post_processor = _built(before)
        return
    # what writes the tokenizer to a folder, and what opens that folder, go by the option
    tokenizer.add_prefix_space = tokenizer.init_kwargs[_OPTION] = True


def _misses_space(inner: Tokenizer) -> bool:
    """Whether a word at the start of a text is another one than behind a space."""
    bare, spaced = _read(inner, "a"), _read(inner, " a")
    return bare != spaced and _read(inner, "a a") == bare + spaced


def _read(inner: Tokenizer, text: str) -> list[int]:
    """The pieces of a text; a cut or padding that the tokenizer's file asks for is left out."""
    inner.no_truncation()
    inner.no_padding()
    return inner.encode(text, add_special_tokens=False).ids


def _steps(inner: Tokenizer) -> Mapping[str, State | None]:
    """The JSON of what comes before the model and after it."""
    named = {"pre_tokenizer": inner.pre_tokenizer, "post_processor": inner.post_processor}
    return {name: None if step is None else json.loads(step.__getstate__()) for name, step in named.items()}


def _built(steps: Mapping[str, State | None]) -> tuple[Any, Any]:
    carrier = json.loads(Tokenizer(models.BPE()).to_str())
    opened = Tokenizer.from_str(json.dumps({**carrier, **steps}))
    return opened.pre_tokenizer, opened.post_processor


def _by_option(steps: Mapping[str, State | None]) -> Mapping[str, State | None]:
    """The byte-level step adds the space itself; the last step takes it out of the offsets again."""
    return {name: _with_option(step) for name, step in steps.items()}


def _with_option(step: Any) -> Any:
    if isinstance(step, list):
        return [_with_option(inner) for inner in step]
    if not isinstance(step, dict):
        return step
    changed = {key: _with_option(value) for key, value in step.items()}
    return {**changed, _OPTION: True} if step.get("type") in _WITH_OPTION else changed


def _by_step(mark: str) -> Callable[[Mapping[str, State | None]], Mapping[str, State | None]]:
    """A step of its own that writes the mark of a space before what does not begin with it."""
    lead = {"type": "Metaspace", "replacement": mark, "prepend_scheme": "always", "split": False}

    def changed(steps: Mapping[str, State | None]) -> Mapping[str, State | None]:
        own = steps["pre_tokenizer"]
        return {
            **steps,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [lead, *([own] if own else [])]},
        }

    return changed


_WITH_OPTION = ("ByteLevel", "RobertaProcessing")
# A byte-level step adds the space to whatever it is given: behind a step that splits, to parts of words too.
# Then, and where a normaliser has written spaces as something else, the space comes first.
_REMEDIES: Sequence[Callable[[Mapping[str, State | None]], Mapping[str, State | None]]] = (
    _by_option,
    _by_step(" "),
    _by_step("▁"),
)
