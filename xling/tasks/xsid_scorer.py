"""Slot F1 as the evaluation script of the xSID repository counts it (mainlp/xsid, scripts/nluEval.py).

It is not the F1 of exact spans: see `xsid_spans`. Published xSID figures are this one.
"""

from __future__ import annotations

from collections.abc import Sequence

XsidSpan = tuple[int, int, str]
Tags = Sequence[Sequence[str]]


def xsid_spans(tags: Sequence[str]) -> set[XsidSpan]:
    """(first token, end, type) of the spans that a `B-` opens.

    The end is exclusive, but for a span that reaches the last token: there it is that token's own
    number. So at the end of a sentence `B I I` and `B I O` are one span. Any `I-` goes on with a span,
    whatever its type, and an `I-` without a `B-` opens none.
    """
    last = len(tags) - 1
    found: set[XsidSpan] = set()
    for start, tag in enumerate(tags):
        if tag.startswith("B"):
            end = next((place for place in range(start + 1, len(tags)) if tags[place][:1] != "I"), last)
            found.add((start, end, tag[2:]))
    return found


def xsid_counts(gold: Tags, found: Tags) -> tuple[int, int, int]:
    """Right, predicted and gold spans of all utterances."""
    pairs = [(xsid_spans(right), xsid_spans(own)) for right, own in zip(gold, found, strict=True)]
    return (
        sum(len(right & own) for right, own in pairs),
        sum(len(own) for _, own in pairs),
        sum(len(right) for right, _ in pairs),
    )


def xsid_compatible_f1(gold: Tags, found: Tags) -> float:
    """Micro F1 of `xsid_spans`, in percent; zero where there is no span at all."""
    right, predicted, wanted = xsid_counts(gold, found)
    return 100 * 2 * right / max(predicted + wanted, 1)
