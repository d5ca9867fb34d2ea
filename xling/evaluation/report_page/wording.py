"""Formatting of numbers, names and texts of any script: their direction, and where long ones are cut."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
_METRICS = {"f1": "F1", "macro_f1": "macro F1", "micro_f1": "micro F1", "las": "LAS", "uas": "UAS"}


def metric_name(metric: str) -> str:
    """Return the name of a metric as text uses it."""
    return _METRICS.get(metric, metric.replace("_", " "))


def score(value: float) -> str:
    """Return a score with one decimal and a true minus sign."""
    text = f"{value:.1f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", MINUS)


def gained(value: float) -> str:
    """Return a difference with one decimal and its sign; zero has no sign."""
    text = score(value)
    return f"+{text}" if float(f"{value:.1f}") > 0 else text


def bounds(low: float | None, high: float | None) -> str:
    """Return an interval as text, empty if there is none."""
    if low is None or high is None:
        return ""
    joint = f" to {score(high)}" if low < 0 else f"{DASH}{score(high)}"
    return score(low) + joint


def count(value: int | float | None) -> str:
    """Return a whole number with thousands separators, or a dash for None."""
    return DASH if value is None else f"{round(value):,}"


def duration(seconds: float) -> str:
    """Return seconds as hours, minutes or seconds, with at most two units."""
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
    """Return megabytes as MB or GB, or a dash for None."""
    if megabytes is None:
        return DASH
    return f"{megabytes / 1024:.1f} GB" if megabytes >= 1000 else f"{megabytes:.0f} MB"


def figure(value: float | None) -> str:
    """Return a number with about three digits, or a dash for None."""
    if value is None:
        return DASH
    size = abs(value)
    text = f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"
    return text.replace("-", MINUS)


def isolated(name: str) -> str:
    """Return a name; a right-to-left one is isolated, so that it does not reorder the text around it."""
    if any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in name):
        return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"
    return name


def listed(names: Sequence[str], *, at_most: int = 4) -> str:
    """Return names as a list in a sentence: "A, B and C" or "A, B, C, D and 5 more"."""
    if len(names) > at_most + 1:
        return f"{', '.join(names[:at_most])} and {len(names) - at_most} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def plural(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless the number is 1."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
_AFTER = "\N{TIBETAN MARK INTERSYLLABIC TSHEG}\N{ZERO WIDTH SPACE}\N{ETHIOPIC WORDSPACE}"
_VIRAMA = 9  # the canonical combining class of signs that join two consonants
_BACK = 60
_WAYS = {"L": "ltr", "R": "rtl", "AL": "rtl"}


def direction(text: str) -> str:
    """Return `rtl` if most letters with a direction run from right to left, otherwise `ltr`.

    `dir="auto"` looks only at the first letter, and so fails for a text that starts with a Latin name.
    """
    kinds = [unicodedata.bidirectional(letter) for letter in text]
    right = sum(kind in ("R", "AL") for kind in kinds)
    return "rtl" if right > kinds.count("L") else "ltr"


def runs(words: Sequence[str], around: str) -> Iterator[tuple[str, int, int]]:
    """Yield runs of words that have one direction, as (direction, start, end), in the order of the words.

    around: the direction of the sentence. Numbers and signs follow it, unless words of the other direction
    are on both sides of them.
    """
    ways = [_way(word) for word in words]
    start = 0
    while start < len(words):
        end, way = start + 1, ways[start] or around
        if way != around:
            while any(ways[end:]) and next(filter(None, ways[end:])) == way:
                end += 1
        yield way, start, end
        start = end


def _way(word: str) -> str:
    """Return the direction of the first letter that has one, or an empty text."""
    kinds = (unicodedata.bidirectional(letter) for letter in word)
    return next((_WAYS[kind] for kind in kinds if kind in _WAYS), "")


def cut(text: str, most: int) -> str:
    """Return the text, or its first `most` characters at most, followed by an ellipsis.

    It is cut between two words if possible, otherwise before a letter, but never within a syllable.
    """
    if len(text) <= most:
        return text
    end = next(
        (place for place in range(most, max(most - _BACK, 1), -1) if _between_words(text, place)), None
    )
    end = end or next((place for place in range(most, 1, -1) if _between_letters(text, place)), most)
    return text[:end].rstrip() + ELLIPSIS


def _between_words(text: str, place: int) -> bool:
    return text[place].isspace() or text[place - 1].isspace() or text[place - 1] in _AFTER


def _between_letters(text: str, place: int) -> bool:
    before, after = text[place - 1], text[place]
    joined = unicodedata.combining(before) == _VIRAMA or before in _JOINERS or after in _JOINERS
    return not joined and unicodedata.category(after)[0] not in "MC"
