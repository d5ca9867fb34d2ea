"""The diagnosis of one base on one text: figures, losses by normalisation, verdict and warnings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from xling.bases.base import Base
from xling.bases.mlm_head import WITHOUT_HEAD
from xling.errors import InputError
from xling.languages import name, script
from xling.vocabulary.diagnosis.advice import Verdict, judge, main_script, percent, script_in_words
from xling.vocabulary.diagnosis.losses import JOINED, JOINERS, Loss, Losses, losses
from xling.vocabulary.diagnosis.measures import Figures, divergence, figures
from xling.vocabulary.letters import called, first, scripts, times

_NAMED = 3
HEAD = ("fertility", "unreadable", "characters_per_piece", "whole_lines")
DIVERGENCE = "divergence from the other text"


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """The diagnosis of one base on one text.

    base: the base as `--base` names it.
    other: the figures of the text that this one is compared with.
    divergence: the divergence between the two texts.
    warnings: one sentence for each problem that the figures do not show.
    """

    base: str
    figures: Figures
    losses: Losses
    verdict: Verdict
    other: Figures | None = None
    divergence: float | None = None
    warnings: tuple[str, ...] = ()


def diagnose(
    base: Base, lines: Sequence[str], *, against: Sequence[str] = (), language: str | None = None
) -> Diagnosis:
    """Diagnose a base's tokenizer on the lines of a text.

    against: lines in a language that the base serves well, for comparison.
    language: the language tag of the text.
    Raises InputError for a text without letters, or an unknown language.
    """
    for name_of, text in (("--text", lines), ("--against", against or lines)):
        if not scripts(text):
            raise InputError("the text has no letter", where=name_of, hint="give text in the language")
    found = figures(base.tokenizer, lines, base.max_length)
    other = figures(base.tokenizer, against, base.max_length) if against else None
    lost = losses(base.tokenizer, lines)
    return Diagnosis(
        base=f"{base.id}@{base.revision}" if base.revision else base.id,
        figures=found,
        losses=lost,
        verdict=judge(found, other),
        other=other,
        divergence=None if other is None else divergence(found, other),
        warnings=(
            *_unexpected_script(found, language),
            *_harm(lost.harmful),
            *_unread_joiners(found),
            *_no_head(base),
        ),
    )


def unreads(diagnosis: Diagnosis) -> bool:
    """Return whether the base cannot read most letters of the text's main script."""
    return diagnosis.verdict.word == "replace"


def _unexpected_script(found: Figures, language: str | None) -> Iterator[str]:
    """Warn of an unexpected script.

    Writing systems of several scripts, such as Jpan, are not checked, because Unicode has no names for them.
    """
    expected = script(language) if language else ""
    own, likely = main_script(found), script_in_words(expected)
    if language and likely and own != expected:
        yield f"the text is mostly in {script_in_words(own)}, but {name(language)} is expected in {likely}"


def _harm(harmful: Sequence[Loss]) -> Iterator[str]:
    if harmful:
        named = first(list(map(in_words, harmful)), _NAMED)
        yield f"the tokenizer's normaliser takes letters or joiners from the text: {named}"


def _unread_joiners(found: Figures) -> Iterator[str]:
    for character, often in found.unread:
        if character in JOINERS and main_script(found) in JOINED:
            yield f"words fall apart at {called(character)}, which cannot be read, {times(often)}"


def _no_head(base: Base) -> Iterator[str]:
    if base.mlm_head is None:
        yield WITHOUT_HEAD


def in_words(loss: Loss) -> str:
    """Return a loss in words: `drops U+200C ZERO WIDTH NON-JOINER 312 times`."""
    what, often = called(loss.character), times(loss.count)
    if not loss.becomes:
        return f"drops {what} {often}"
    becomes = "a space" if loss.becomes == " " else " ".join(f"U+{ord(part):04X}" for part in loss.becomes)
    return f"turns {what} into {becomes} {often}"


@dataclass(frozen=True)
class Measure:
    """How one figure is shown.

    key: its name in the JSON output and in `Figures`.
    label, meaning: its name and explanation in words.
    shown: the function that formats its value.
    """

    key: str
    label: str
    meaning: str
    shown: Callable[[int | float], str]

    def text(self, figures: Figures) -> str:
        """Return the formatted value of the figure."""
        return self.shown(getattr(figures, self.key))


def number(value: int | float) -> str:
    """Format a number with two decimals, or as a whole number from 100 on."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def count(value: int | float) -> str:
    """Format a whole number with thousands separators."""
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


def beside(diagnosis: Diagnosis) -> dict[str, str]:
    """Return the figures of the comparison text, by label; empty if there is none."""
    if diagnosis.other is None or diagnosis.divergence is None:
        return {}
    other = diagnosis.other
    return {
        DIVERGENCE: f"{diagnosis.divergence:.3f}",
        "pieces per word there": number(other.fertility),
        "characters per piece there": number(other.characters_per_piece),
    }
