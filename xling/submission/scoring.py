"""What the organisers compute, in percent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xling.tasks.xsid_scorer import xsid_compatible_f1

Tags = Sequence[Sequence[str]]


def weighted_f1(gold: Sequence[str], found: Sequence[str]) -> float:
    """F1 of each label, weighted by how often it is right (scikit-learn)."""
    from sklearn.metrics import f1_score

    none: Any = 0  # scikit-learn types it as a text and takes both
    return _percent(float(f1_score(list(gold), list(found), average="weighted", zero_division=none)))


def accuracy(gold: Sequence[str], found: Sequence[str]) -> float:
    """How many labels are the gold ones."""
    return _percent(sum(own == right for own, right in zip(found, gold, strict=True)) / max(len(gold), 1))


def span_f1(gold: Tags, found: Tags) -> float:
    """Micro F1 of spans with the right bounds and type (seqeval, not strict)."""
    from seqeval.metrics.sequence_labeling import f1_score

    none: Any = 0  # seqeval types it as a text and takes both
    right, own = [list(tags) for tags in gold], [list(tags) for tags in found]
    value: Any = f1_score(right, own, average="micro", zero_division=none)
    return _percent(float(value))


def xsid_figure(gold: Tags, found: Tags) -> float:
    """Micro F1 as the evaluation script of the xSID repository counts spans."""
    return round(xsid_compatible_f1(gold, found), 2)


def _percent(share: float) -> float:
    return round(100 * share, 2)
