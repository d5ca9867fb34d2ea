"""Slot F1 as in the evaluation script of the xSID repository (mainlp/xsid, scripts/nluEval.py).

It differs from the F1 of exact spans (see `xsid_spans`). Published xSID scores are computed in this way.
"""

from __future__ import annotations

from collections.abc import Sequence

XsidSpan = tuple[int, int, str]
Tags = Sequence[Sequence[str]]


def xsid_spans(tags: Sequence[str]) -> set[XsidSpan]:
    """Return the spans that start with a `B-` tag as (first token, end, type).

    The end is exclusive, except for a span that reaches the last token, whose end is the index of that token.
    So `B I I` and `B I O` at the end of a sentence are the same span. An `I-` continues a span even if its
    type differs, and an `I-` that does not follow a span starts none.
    """
    last = len(tags) - 1
    found: set[XsidSpan] = set()
    for start, tag in enumerate(tags):
        if tag.startswith("B"):
            end = next((place for place in range(start + 1, len(tags)) if tags[place][:1] != "I"), last)
            found.add((start, end, tag[2:]))
    return found


def xsid_counts(gold: Tags, found: Tags) -> tuple[int, int, int]:
    """Count the right, predicted and gold spans of all utterances."""
    pairs = [(xsid_spans(right), xsid_spans(own)) for right, own in zip(gold, found, strict=True)]
    return (
        sum(len(right & own) for right, own in pairs),
        sum(len(own) for _, own in pairs),
        sum(len(right) for right, _ in pairs),
    )


def xsid_compatible_f1(gold: Tags, found: Tags) -> float:
    """Compute the micro F1 of `xsid_spans` in percent; zero when there are no spans."""
    right, predicted, wanted = xsid_counts(gold, found)
    return 100 * 2 * right / max(predicted + wanted, 1)
