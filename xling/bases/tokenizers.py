"""Tokenizers from their JSON, in the roles of a base's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tokenizers import Tokenizer

from xling.bases.typed_pieces import take_as_text
from xling.bases.word_starts import space_before_words
from xling.errors import InputError

_ROLES = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")
NO_LIMIT = 10**9  # rows are cut to a base's `max_length` by who makes them, with words kept whole


def tokenizer_from(described: str, like: Any) -> Any:
    """A fast tokenizer whose special pieces are those of `like`.

    Raises InputError when it cannot be read or lacks one of them.
    """
    from transformers import PreTrainedTokenizerFast

    try:
        inner = Tokenizer.from_str(described)
    except Exception as error:  # the library raises bare exceptions
        raise InputError(f"the vocabulary's tokenizer cannot be read: {error}", where="--plan") from error
    special = {f"{role}_token": getattr(like, f"{role}_token") for role in _ROLES}
    special = {role: text for role, text in special.items() if text is not None}
    missing = [text for text in special.values() if inner.token_to_id(text) is None]
    if missing:
        raise InputError(f"the vocabulary lacks the special piece {missing[0]}", where="--plan")
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, model_max_length=NO_LIMIT, **special)
    space_before_words(tokenizer)
    take_as_text(tokenizer)
    return tokenizer


def blank_pieces(rows: Iterable[Sequence[int]], tokenizer: Any) -> frozenset[int]:
    """The pieces in rows that are white space alone.

    Where a script has no spaces, most pieces know no space before them: XLM-R reads a Chinese word as a bare
    sign of a new word and then the word.
    """
    met = {piece for row in rows for piece in row}
    return frozenset(piece for piece in met if not tokenizer.decode([piece]).strip())


def unreadable(tokenizer: Any) -> int:
    """The piece in place of what gives none: the unknown one, or padding where there is no unknown one.

    Byte-level tokenizers can read everything and need not name one.
    """
    return tokenizer.pad_token_id if tokenizer.unk_token_id is None else tokenizer.unk_token_id


def table_size(tokenizer: Any) -> int:
    """The rows that a table of its pieces needs: one more than the highest number.

    Some numbers may be no piece's (a vocab.txt with a line twice), so there can be fewer pieces.
    """
    return max(tokenizer.get_vocab().values()) + 1
