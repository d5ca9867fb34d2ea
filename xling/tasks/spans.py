"""Spans of BIO tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

OUTSIDE = "O"


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
