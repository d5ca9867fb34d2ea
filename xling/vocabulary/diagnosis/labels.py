"""The figures by name: what each is called, what it means, how it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xling.vocabulary.diagnosis.advice import percent
from xling.vocabulary.diagnosis.diagnosis import Diagnosis
from xling.vocabulary.diagnosis.measures import Figures


@dataclass(frozen=True)
class Measure:
    """key: of the JSON. label, meaning: in words. shown: how a value is written."""

    key: str
    label: str
    meaning: str
    shown: Callable[[int | float], str]

    def text(self, figures: Figures) -> str:
        """The figure as people write it."""
        return self.shown(getattr(figures, self.key))


def number(value: int | float) -> str:
    """Two decimals, or a whole number from 100 on."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def count(value: int | float) -> str:
    """A whole number in groups of three."""
    return f"{value:,.0f}"


MEASURES = (
    Measure("lines", "lines", "of the text, empty ones left out", count),
    Measure("words", "words", "what white space sets apart", count),
    Measure("characters", "characters", "with one for the end of each line", count),
    Measure("pieces", "pieces", "that the text falls into, special ones aside", count),
    Measure("distinct", "different pieces", "that the text uses of the vocabulary", count),
    Measure("fertility", "pieces per word", "1 is a piece for every word", number),
    Measure("continued_words", "words in several pieces", "punctuation at their edges counts too", percent),
    Measure("unknown_pieces", "unknown pieces", "pieces that stand for what cannot be read", percent),
    Measure("unknown_characters", "unknown characters", "characters that such pieces cover", percent),
    Measure("unreadable", "unreadable letters", "in unknown pieces, or broken into bytes", percent),
    Measure("characters_per_piece", "characters per piece", "more is better, within one language", number),
    Measure("average_rank", "average rank", "of pieces by frequency; more is a richer use of them", number),
    Measure("whole_lines", "lines not cut off", "at the longest row that the base takes", percent),
)
HEAD = ("fertility", "unreadable", "characters_per_piece", "whole_lines")
DIVERGENCE = "divergence from the other text"


def beside(diagnosis: Diagnosis) -> dict[str, str]:
    """What the text compared with comes to, by label; empty without one."""
    if diagnosis.other is None or diagnosis.divergence is None:
        return {}
    other = diagnosis.other
    return {
        DIVERGENCE: f"{diagnosis.divergence:.3f}",
        "pieces per word there": number(other.fertility),
        "characters per piece there": number(other.characters_per_piece),
    }
