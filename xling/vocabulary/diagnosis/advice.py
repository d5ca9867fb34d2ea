"""From figures to advice: whether a base's vocabulary is fine, to be extended, or to be replaced.

The first rule that applies decides; their thresholds and the reasons for them stand here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from fontTools.unicodedata import Scripts

from xling.vocabulary.diagnosis.measures import Coverage, Figures

# Of the main script's letters: when more than half are lost, hardly a word is left whole, and the base's
# pieces of that script are not worth their rows.
MOSTLY = 0.5
# Of the main script's letters: one in a hundred is a hole in every twentieth word of five letters.
HOLES = 0.01
# Of all letters: other scripts are often names and quotations, which a text can do without for longer.
FOREIGN_HOLES = 0.05
# Pieces per word, with more than half of the words in several. XLM-R's vocabulary gives the languages of
# SIB-200 that it learned much text of 1.2 to 2.4; the exceptions have long words (Kannada and Malayalam, 3.4
# and more characters per piece, where Zulu, which it learned no text of, has 3.1).
FERTILITY = 2.5
CONTINUED = 0.5
LONG_PIECES = 3.3
# Characters per piece where most words are in several: short words fall apart into few but tiny pieces. Fon,
# Twi and Bambara have 1.8 to 2.3; alphabets that are served well have 2.8 and more.
TINY_PIECES = 2.5
# Pieces per word beside those of the text compared with, likewise.
TIMES_OTHER = 1.75
# Characters per piece of an alphabet without spaces between words: hardly more than single letters.
SINGLE_LETTERS = 1.5
# Of the lines: so many may be cut off before it counts; and they are cut off by their splitting, not for
# being whole documents, from so many pieces per word.
CUT_OFF = 0.05
CUTTING_FERTILITY = 2.0

_NO_SPACES = frozenset("Bopo Hani Hira Kana Khmr Lana Laoo Mymr Tale Talu Tavt Thai Tibt Yiii".split())
_SYLLABLES = frozenset("Bopo Cans Cher Ethi Hang Hani Hira Kana Vaii Yiii".split())  # or words: short pieces

Word = Literal["fine", "extend", "replace"]


@dataclass(frozen=True)
class Verdict:
    """word: `fine`, `extend` or `replace`. reason: what it rests on, as a sentence without its full stop."""

    word: Word
    reason: str


def judge(figures: Figures, other: Figures | None = None) -> Verdict:
    """The verdict on a base for a text; other: the same base on a text that it serves well."""
    for rule in _RULES:
        verdict = rule(figures, other)
        if verdict is not None:
            return verdict
    return Verdict("fine", f"the main script is read, at {pace(figures)}")


def main_script(figures: Figures) -> str:
    """The ISO 15924 code of the script that most letters are in; empty when there is none."""
    return figures.scripts[0].name if figures.scripts else ""


def script_in_words(code: str) -> str:
    """Unicode's name of a script; empty for a code that it has none for, such as Jpan."""
    return Scripts.NAMES.get(code, "").replace("_", " ")


def spaced(figures: Figures) -> bool:
    """Whether the main script puts spaces between words, so that figures per word mean something."""
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
    """The main script's letters with the marks that scripts share."""
    others = figures.scripts[1:]
    letters = figures.letters - sum(group.letters for group in others)
    lost = sum(group.unreadable for group in figures.blocks) - sum(group.unreadable for group in others)
    return Coverage(script_in_words(main_script(figures)), max(1, letters), lost)


def pace(figures: Figures) -> str:
    """Pieces per word, or characters per piece in a script without spaces."""
    if spaced(figures):
        return f"{figures.fertility:.2f} pieces per word"
    return f"{figures.characters_per_piece:.2f} characters per piece"


def percent(share: int | float) -> str:
    """A share from 0 to 1 as people write it: one decimal, none for 0 and 1 alone."""
    if share in (0, 1):
        return f"{share:.0%}"
    return "<0.1%" if share < 0.0005 else ">99.9%" if share > 0.9995 else f"{share:.1%}"


_Rule = Callable[[Figures, Figures | None], Verdict | None]
_RULES: Sequence[_Rule] = (_unreadable_main, _unreadable_foreign, _split_small, _cut_off)
