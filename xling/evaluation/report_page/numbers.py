"""Numbers as people write them, and names of what the numbers belong to."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
_METRICS = {"f1": "F1", "macro_f1": "macro F1", "micro_f1": "micro F1", "las": "LAS", "uas": "UAS"}


def metric_name(metric: str) -> str:
    """The metric as prose names it."""
    return _METRICS.get(metric, metric.replace("_", " "))


def score(value: float) -> str:
    """One decimal, with a true minus sign."""
    text = f"{value:.1f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", MINUS)


def gained(value: float) -> str:
    """One decimal with its sign; zero has none."""
    text = score(value)
    return f"+{text}" if float(f"{value:.1f}") > 0 else text


def bounds(low: float | None, high: float | None) -> str:
    """An interval; nothing where there is none."""
    if low is None or high is None:
        return ""
    joint = f" to {score(high)}" if low < 0 else f"{DASH}{score(high)}"
    return score(low) + joint


def count(value: int | float | None) -> str:
    """A whole number in groups of three; a dash where there is none."""
    return DASH if value is None else f"{round(value):,}"


def duration(seconds: float) -> str:
    """Seconds as hours, minutes or seconds: two units at most."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def memory(megabytes: float | None) -> str:
    """Megabytes as MB or GB; a dash where there is none."""
    if megabytes is None:
        return DASH
    return f"{megabytes / 1024:.1f} GB" if megabytes >= 1000 else f"{megabytes:.0f} MB"


def figure(value: float | None) -> str:
    """A figure of any size, to about three digits; a dash where there is none."""
    if value is None:
        return DASH
    size = abs(value)
    text = f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"
    return text.replace("-", MINUS)


def isolated(name: str) -> str:
    """A name that is written from right to left, kept from reordering the prose around it."""
    if any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in name):
        return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"
    return name


def listed(names: Sequence[str], *, at_most: int = 4) -> str:
    """Names as a list in prose: "A, B and C", "A, B, C and 5 more"."""
    if len(names) > at_most + 1:
        return f"{', '.join(names[:at_most])} and {len(names) - at_most} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def plural(number: int, noun: str) -> str:
    """The number with its noun, in the plural where it needs one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
