"""Tokens and their BIO tags: what is refused in a prediction, and the first fault of a written file."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from xling.data.bio import OUTSIDE, is_bio
from xling.submission.submission import Predicted, quoted


def other_tokens(tokens: Sequence[str], row: Predicted) -> str | None:
    """In what the tokens of a row are not those of the test file; a token it leaves empty may be any."""
    found = row.texts("tokens")
    if found is None:
        return "the row has no 'tokens', a list of text, to hold against those"
    for number, (wanted, own) in enumerate(zip(tokens, found, strict=False), start=1):
        if wanted and own != wanted:
            return f"token {number} is {quoted(own)} instead of {quoted(wanted)}"
    if len(tokens) != len(found):
        return f"{len(found)} tokens instead of the {len(tokens)}"
    return None


def checked_tags(row: Predicted, count: int, types: Collection[str]) -> list[str]:
    """The tags of a row; InputError for another number of them, ill-formed BIO, or an unknown type."""
    tags = row.texts("tags")
    if tags is None:
        hint = "write the predictions with xling predict and a tagging task module"
        raise row.refusal("the row has no 'tags', a list of text", hint=hint)
    if len(tags) != count:
        raise row.refusal(f"{len(tags)} tags for {count} tokens", hint="give one tag for each token")
    fault = tag_fault(tags, types)
    if fault is not None:
        number, problem = fault
        choices = (OUTSIDE, "B-TYPE", "I-TYPE with TYPE of", *sorted(types))
        hint = "a span begins with B- and goes on with I- of its own type"
        raise row.refusal(f"tag {number + 1}, {quoted(tags[number])}, {problem}", choices=choices, hint=hint)
    return tags


def tag_fault(tags: Sequence[str], types: Collection[str]) -> tuple[int, str] | None:
    """The place (0-based) and the fault of the first tag that is no BIO of these types; None without."""
    before = OUTSIDE
    for number, tag in enumerate(tags):
        if not is_bio(tag):
            return number, "is no BIO tag"
        if tag != OUTSIDE and tag[2:] not in types:
            return number, "has a type that is none of the task's"
        if tag.startswith("I-") and before[2:] != tag[2:]:
            return number, f"goes on with a span that {quoted(before)} before it does not begin"
        before = tag
    return None
