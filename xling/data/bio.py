"""BIO tags of spans: what counts as one, IOB1 to IOB2, other names for types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    before, repaired = OUTSIDE, 0
    for tag in tags:
        opens = tag.startswith("I-") and before[2:] != tag[2:]
        repaired += opens
        fixed.append(f"B-{tag[2:]}" if opens else tag)
        before = tag
    return fixed, repaired


def rename_types(tags: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """IOB2 tags with the types renamed; a type called `O` is dropped. Spans keep their bounds."""
    renamed: list[str] = []
    for tag in tags:
        kind = names.get(tag[2:], tag[2:])
        renamed.append(OUTSIDE if tag == OUTSIDE or kind == OUTSIDE else f"{tag[:2]}{kind}")
    return renamed
