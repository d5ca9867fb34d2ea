"""Tokenizers from JSON with the special pieces of a base; special pieces typed in a text are plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, pre_tokenizers

from xling.bases.panics import panics_as_errors, probe
from xling.bases.word_starts import space_before_words
from xling.errors import InputError

_ROLES = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")
NO_LIMIT = 10**9  # the caller truncates rows to a base's `max_length`, and keeps words whole


def tokenizer_from(described: str, like: Any) -> Any:
    """Make a fast tokenizer from JSON text, with the special pieces of the tokenizer `like`.

    Raises InputError when the JSON cannot be read or lacks one of these pieces.
    """
    from transformers import PreTrainedTokenizerFast

    inner = read_tokenizer_json(described, where="--plan")
    special = {f"{role}_token": getattr(like, f"{role}_token") for role in _ROLES}
    special = {role: text for role, text in special.items() if text is not None}
    missing = [text for text in special.values() if inner.token_to_id(text) is None]
    if missing:
        raise InputError(f"the vocabulary lacks the special piece {missing[0]}", where="--plan")
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, model_max_length=NO_LIMIT, **special)
    space_before_words(tokenizer)
    take_as_text(tokenizer)
    return tokenizer


def read_tokenizer_json(described: str, *, where: str | Path) -> Tokenizer:
    """Return a tokenizer of the library `tokenizers` from JSON text, after it has read a probe.

    Raises InputError when it cannot be read, or cannot read.
    """
    try:
        with panics_as_errors():
            tokenizer = Tokenizer.from_str(described)
        probe(tokenizer)
    except Exception as error:  # the library raises bare exceptions
        raise InputError(f"the vocabulary's tokenizer cannot be used: {error}", where=where) from error
    return tokenizer


def blank_pieces(rows: Iterable[Sequence[int]], tokenizer: Any) -> frozenset[int]:
    """Return the piece ids in rows that decode to white space alone.

    In scripts without spaces most pieces include no space: XLM-R reads a Chinese word as a separate piece for
    the start of a word, and then the word.
    """
    met = {piece for row in rows for piece in row}
    return frozenset(piece for piece in met if not tokenizer.decode([piece]).strip())


def unreadable(tokenizer: Any) -> int:
    """Return the id to use for text that gives no piece: the unknown piece, or padding if there is none.

    Byte-level tokenizers can read every text, so they may have no unknown piece.
    """
    return tokenizer.pad_token_id if tokenizer.unk_token_id is None else tokenizer.unk_token_id


def table_size(tokenizer: Any) -> int:
    """Return how many rows an embedding table for this tokenizer needs: the highest piece id plus one.

    There can be fewer pieces than rows: if a vocab.txt repeats a line, some ids have no piece.
    """
    return max(tokenizer.get_vocab().values()) + 1


def take_as_text(tokenizer: Any) -> None:
    """Make a fast tokenizer read special pieces that occur in a text as plain text.

    The library sentencepiece never reads a control symbol from a text. The library `tokenizers` does, unless
    this is switched off. Even then a Unigram model finds it, since special pieces have the best score of all
    its pieces. In that case the first letter of the special piece is split off. Offsets, other texts and the
    special pieces that the tokenizer adds around a text stay as they were.
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
    """Return a regular expression that matches exactly this text."""
    return "".join(f"\\x{{{ord(letter):x}}}" for letter in text)
