"""Special pieces that somebody typed: `</s>` or `[MASK]` in a text is text, and no sign to the encoder.

sentencepiece never takes a control symbol from a text. The library `tokenizers` does unless told not to, and
a Unigram model then still finds it, since special pieces stand among its pieces at no cost at all.
"""

from __future__ import annotations

from typing import Any

from tokenizers import Regex, pre_tokenizers


def take_as_text(tokenizer: Any) -> None:
    """Let a fast tokenizer read special pieces in a text letter by letter, as whatever else stands there.

    What it puts around texts itself stays. Where its model finds a special piece even so, the first letter of
    that piece is set apart from the rest; offsets and all other texts are untouched.
    """
    inner = tokenizer.backend_tokenizer
    tokenizer.split_special_tokens = inner.encode_special_tokens = True
    found = [text for text in tokenizer.all_special_tokens if _finds(tokenizer, text)]
    if found:
        apart = "|".join(f"{_quoted(text[0])}(?={_quoted(text[1:])})" for text in found)
        steps = [step for step in (inner.pre_tokenizer,) if step is not None]
        inner.pre_tokenizer = pre_tokenizers.Sequence(
            [*steps, pre_tokenizers.Split(Regex(apart), behavior="isolated")]
        )


def _finds(tokenizer: Any, text: str) -> bool:
    encoded = tokenizer.backend_tokenizer.encode(text, add_special_tokens=False)
    return len(text) > 1 and text in encoded.tokens


def _quoted(text: str) -> str:
    """A regular expression for these very letters."""
    return "".join(f"\\x{{{ord(letter):x}}}" for letter in text)
