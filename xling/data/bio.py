"""BIO tags of spans: what counts as one, IOB1 to IOB2, other names for types; and the spans themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

OUTSIDE = "O"


def is_bio(tag: str) -> bool:
    """Whether a tag is `O`, `B-TYPE` or `I-TYPE`."""
    return tag == OUTSIDE or (tag[:2] in ("B-", "I-") and len(tag) > 2)


def to_iob2(tags: Sequence[str]) -> tuple[list[str], int]:
    """The same spans with every first tag `B-`, and how many `I-` had to become `B-`.

    That repairs stray `I-` of IOB2 data and turns IOB1 into IOB2, where `B-` stands only between
    neighbours of one type.
    """
    if not any(tag.startswith("I-") for tag in tags):
        return list(tags), 0
    fixed: list[str] = []
    before, mended = OUTSIDE, 0
    for tag in tags:
        opens = tag.startswith("I-") and before[2:] != tag[2:]
        mended += opens
        fixed.append(f"B-{tag[2:]}" if opens else tag)
        before = tag
    return fixed, mended


def rename_types(tags: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """IOB2 tags with the types renamed; a type called `O` is dropped. Spans keep their bounds."""
    renamed: list[str] = []
    for tag in tags:
        kind = names.get(tag[2:], tag[2:])
        renamed.append(OUTSIDE if tag == OUTSIDE or kind == OUTSIDE else f"{tag[:2]}{kind}")
    return renamed


def spans(tags: Sequence[str]) -> list[tuple[str, int, int]]:
    """(label, start, end) of BIO tags, end exclusive; an I- without its beginning opens a span."""
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
    """The type of each tag's span; a tag of another scheme, or `O`, is one itself."""
    return [tag[2:] if tag[:2] in ("B-", "I-") else tag for tag in tags]


def repaired(tags: Sequence[str]) -> list[str]:
    """The same spans in well-formed BIO."""
    fixed = [OUTSIDE] * len(tags)
    for kind, start, end in spans(tags):
        fixed[start:end] = [f"B-{kind}"] + [f"I-{kind}"] * (end - start - 1)
    return fixed


def described(tags: Sequence[str], tokens: Sequence[str]) -> list[dict[str, Any]]:
    """Spans as predictions tell them: offsets in tokens, end exclusive."""
    return [
        {"start": start, "end": end, "label": kind, "text": " ".join(tokens[start:end])}
        for kind, start, end in spans(tags)
    ]
