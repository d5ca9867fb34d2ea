"""BIO tags of spans: checking, repairing to IOB2, renaming types, and extracting the spans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

OUTSIDE = "O"
NO_LABEL = "_"  # the tag of a word whose label is not known; it is neither learned nor scored


def is_bio(tag: str) -> bool:
    """Return whether a tag is `O`, `B-TYPE` or `I-TYPE`."""
    return tag == OUTSIDE or (tag[:2] in ("B-", "I-") and len(tag) > 2)


def rename_types(tags: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """Rename the types in IOB2 tags and keep the spans; a type that is renamed to `O` is dropped."""
    renamed: list[str] = []
    for tag in tags:
        kind = names.get(tag[2:], tag[2:])
        renamed.append(OUTSIDE if tag == OUTSIDE or kind == OUTSIDE else f"{tag[:2]}{kind}")
    return renamed


def spans(tags: Sequence[str]) -> list[tuple[str, int, int]]:
    """Return each span of BIO tags as (label, start, end), with the end exclusive.

    An `I-` tag that continues no span opens a new one.
    """
    found: list[tuple[str, int, int]] = []
    for index, tag in enumerate(tags):
        if tag == OUTSIDE:
            continue
        prefix, kind = tag[0], tag[2:]
        if prefix == "I" and found and found[-1][0] == kind and found[-1][2] == index:
            found[-1] = (kind, found[-1][1], index + 1)
        else:
            found.append((kind, index, index + 1))
    return found


def types(tags: Sequence[str]) -> list[str]:
    """Return the type of each tag; `O` and tags of other schemes are returned unchanged."""
    return [tag[2:] if tag[:2] in ("B-", "I-") else tag for tag in tags]


def repaired(tags: Sequence[str]) -> list[str]:
    """Return the tags of the same spans in IOB2, in which the first tag of every span is `B-`.

    This repairs an `I-` without a beginning in IOB2 data, and converts IOB1, where `B-` is used only between
    neighbouring spans of the same type.
    """
    fixed = [OUTSIDE] * len(tags)
    for kind, start, end in spans(tags):
        fixed[start:end] = [f"B-{kind}"] + [f"I-{kind}"] * (end - start - 1)
    return fixed


def described(tags: Sequence[str], tokens: Sequence[str]) -> list[dict[str, Any]]:
    """Return spans in the form that predictions use: token offsets (end exclusive), label and text."""
    return [
        {"start": start, "end": end, "label": kind, "text": " ".join(tokens[start:end])}
        for kind, start, end in spans(tags)
    ]
