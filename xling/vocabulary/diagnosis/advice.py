"""Advice from figures: keep a base's vocabulary, extend it, or replace it.

The first rule that applies decides. The thresholds and the reasons for them are below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from fontTools.unicodedata import Scripts

from xling.vocabulary.diagnosis.measures import Coverage, Figures

# Share of the main script's letters: if more than half are lost, hardly any word is whole, and the base's
# pieces of that script are not worth their rows.
MOSTLY = 0.5
# Share of the main script's letters: one in a hundred damages one word of five letters in twenty.
HOLES = 0.01
# Share of all letters: other scripts are often names and quotations, which matter less to a text.
FOREIGN_HOLES = 0.05
# Pieces per word, if more than half of the words have several. XLM-R has 1.2 to 2.4 on those languages of
# SIB-200 in which it saw much text; the exceptions have long words (Kannada and Malayalam, with 3.4 or more
# characters per piece, while Zulu, in which it saw no text, has 3.1).
FERTILITY = 2.5
CONTINUED = 0.5
LONG_PIECES = 3.3
# Characters per piece, if most words have several pieces: short words are split into few but tiny pieces.
# Fon, Twi and Bambara have 1.8 to 2.3; alphabets that are served well have 2.8 or more.
TINY_PIECES = 2.5
# Pieces per word, divided by those of the comparison text, if most words have several pieces.
TIMES_OTHER = 1.75
# Characters per piece in an alphabet without spaces between words: hardly more than single letters.
SINGLE_LETTERS = 1.5
# Share of lines that may be truncated; and the pieces per word from which splitting is the cause, and not
# that the lines are whole documents.
CUT_OFF = 0.05
CUTTING_FERTILITY = 2.0

_NO_SPACES = frozenset("Bopo Hani Hira Kana Khmr Lana Laoo Mymr Tale Talu Tavt Thai Tibt Yiii".split())
_SYLLABLES = frozenset("Bopo Cans Cher Ethi Hang Hani Hira Kana Vaii Yiii".split())  # pieces are short

Word = Literal["fine", "extend", "replace"]


@dataclass(frozen=True)
class Verdict:
    """The advice for a base on a text.

    word: `fine`, `extend` or `replace`.
    reason: what the verdict is based on, as a sentence without a full stop.
    """

    word: Word
    reason: str


def judge(figures: Figures, other: Figures | None = None) -> Verdict:
    """Return the verdict on a base for a text.

    other: the figures of the same base on a text that it serves well.
    """
    for rule in _RULES:
        verdict = rule(figures, other)
        if verdict is not None:
            return verdict
    return Verdict("fine", f"the main script is read, at {pace(figures)}")


def main_script(figures: Figures) -> str:
    """Return the ISO 15924 code of the script with most letters, or an empty text if there is none."""
    return figures.scripts[0].name if figures.scripts else ""


def script_in_words(code: str) -> str:
    """Return Unicode's name of a script, or an empty text for a code without a name, such as Jpan."""
    return Scripts.NAMES.get(code, "").replace("_", " ")


def spaced(figures: Figures) -> bool:
    """Return whether the main script has spaces between words, so that figures per word are meaningful."""
    return main_script(figures) not in _NO_SPACES


def _unreadable_main(figures: Figures, other: Figures | None) -> Verdict | None:
    own = _own(figures)
    if own.share <= HOLES:
        return None
    reason = f"{percent(own.share)} of the letters of the main script, {own.name}, cannot be read"
    return Verdict("replace" if own.share > MOSTLY else "extend", reason)


def _unreadable_foreign(figures: Figures, other: Figures | None) -> Verdict | None:
    if figures.unreadable <= FOREIGN_HOLES:
        return None
    blocks = sorted(figures.blocks, key=lambda group: -group.unreadable)[:3]
    named = ", ".join(group.name for group in blocks if group.unreadable)
    return Verdict("extend", f"{percent(figures.unreadable)} of the letters cannot be read, most in {named}")


def _split_small(figures: Figures, other: Figures | None) -> Verdict | None:
    short = main_script(figures) not in _SYLLABLES
    if not spaced(figures):
        small = short and figures.characters_per_piece < SINGLE_LETTERS
        return Verdict("extend", f"pieces are hardly longer than letters: {pace(figures)}") if small else None
    if figures.continued_words <= CONTINUED or figures.characters_per_piece >= LONG_PIECES:
        return None
    several = f"{percent(figures.continued_words)} of the words in several"
    if figures.fertility > FERTILITY:
        return Verdict("extend", f"words fall apart: {pace(figures)}, {several}")
    if short and figures.characters_per_piece < TINY_PIECES:
        tiny = f"{figures.characters_per_piece:.2f} characters per piece"
        return Verdict("extend", f"pieces are tiny: {tiny}, {several}")
    if other is not None and spaced(other) and figures.fertility > TIMES_OTHER * other.fertility:
        beside = f"{other.fertility:.2f} in the text compared with"
        return Verdict("extend", f"words fall apart: {pace(figures)}, {beside}, {several}")
    return None


def _cut_off(figures: Figures, other: Figures | None) -> Verdict | None:
    cut = 1 - figures.whole_lines
    if cut <= CUT_OFF or not spaced(figures) or figures.fertility <= CUTTING_FERTILITY:
        return None
    return Verdict("extend", f"{percent(cut)} of the lines are cut off, at {pace(figures)}")


def _own(figures: Figures) -> Coverage:
    """Return the coverage of the main script, including marks that scripts share."""
    others = figures.scripts[1:]
    letters = figures.letters - sum(group.letters for group in others)
    lost = sum(group.unreadable for group in figures.blocks) - sum(group.unreadable for group in others)
    return Coverage(script_in_words(main_script(figures)), max(1, letters), lost)


def pace(figures: Figures) -> str:
    """Return pieces per word in words, or characters per piece in a script without spaces."""
    if spaced(figures):
        return f"{figures.fertility:.2f} pieces per word"
    return f"{figures.characters_per_piece:.2f} characters per piece"


def percent(share: int | float) -> str:
    """Format a share from 0 to 1 as a percentage with one decimal, and without decimals for 0 and 1."""
    if share in (0, 1):
        return f"{share:.0%}"
    return "<0.1%" if share < 0.0005 else ">99.9%" if share > 0.9995 else f"{share:.1%}"


_Rule = Callable[[Figures, Figures | None], Verdict | None]
_RULES: Sequence[_Rule] = (_unreadable_main, _unreadable_foreign, _split_small, _cut_off)
