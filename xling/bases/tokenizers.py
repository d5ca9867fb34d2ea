"""Tokenizers from their JSON, in the roles of a base's own; special pieces that somebody typed are text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tokenizers import Regex, Tokenizer, pre_tokenizers

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


def take_as_text(tokenizer: Any) -> None:
    """Let a fast tokenizer read special pieces in a text letter by letter, as whatever else stands there.

    sentencepiece never takes a control symbol from a text. The library `tokenizers` does unless told not to,
    and a Unigram model then still finds it, since special pieces stand among its pieces at no cost at all.
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
