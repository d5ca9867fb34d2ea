"""What to expect of a lexicon, from the languages in which it was measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """One language in which a lexicon was tried.

    share: the share of the running words of the task's text that the pairs hold.
    points: percentage points of accuracy over the base alone: of text and gloss together, or of the gloss
    where the base cannot read the language.
    unread: whether the base cannot read most of its letters.
    """

    language: str
    share: float
    points: float
    unread: bool = False


# Topics of SIB-200, test and dev (303 rows, +-5 points), pairs of NLLB-Seed (6,193), multilingual-e5-small
# frozen, logistic regression on mean-pooled states; shares are of words, in Dzongkha of syllables.
MEASURED = (
    Measured("nqo", 0.968, 39.6, unread=True),
    Measured("dzo", 0.974, 34.6, unread=True),
    Measured("taq_Tfng", 0.661, 7.6, unread=True),
    Measured("lij", 0.854, 5.9),
    Measured("dik", 0.825, 6.9),
    Measured("bam", 0.762, -0.7),
    Measured("szl", 0.743, 3.3),
    Measured("ltg", 0.741, 6.3),
    Measured("taq", 0.542, 1.6),
)
NEAR = 0.1  # of a share: how far a measured language may be from what is asked
# Modules with vocabularies of their own, trained on the same pairs, gave +39 in nqo and +40 in dzo, +3 in
# taq_Tfng, -7 in dik and -20 in bam.
ENOUGH = 0.9


def expected(share: float, *, unread: bool) -> str:
    """Return what was measured where as many words were known, as a sentence without a full stop.

    share: of the running words of the task's text that the pairs or the dictionary hold.
    unread: whether the base cannot read most letters of the language.
    """
    near = [own for own in MEASURED if own.unread == unread and abs(own.share - share) <= NEAR]
    what = "a gloss alone" if unread else "text and gloss together"
    if near:
        named = ", ".join(f"{own.language} {own.share:.0%} {own.points:+.1f}" for own in near)
        return f"{what} gave {_points(near)} points of topic accuracy where about as many are known ({named})"
    others = [own for own in MEASURED if own.unread == unread]
    nearest = min(others, key=lambda own: abs(own.share - share))
    many = "few" if share < nearest.share else "many"
    return (
        f"not measured with so {many} words known; the nearest is "
        f"{nearest.language} with {nearest.share:.0%}, where {what} gave {nearest.points:+.1f} points"
    )


def module_or_words(share: float, *, unread: bool) -> str:
    """Return what a module with a vocabulary of its own can be expected to learn from as many words."""
    if unread and share >= ENOUGH:
        return "a module with a vocabulary of its own can learn the language from them (+39 and +40 points)"
    if unread:
        return "a module with a vocabulary of its own learned little from so few (+3 points at 66%)"
    return (
        "a module with a vocabulary of its own lost 7 points in dik and 20 in bam: keep the base's vocabulary"
    )


def _points(near: list[Measured]) -> str:
    points = sorted(own.points for own in near)
    return f"{points[0]:+.1f}" if len(points) == 1 else f"{points[0]:+.1f} to {points[-1]:+.1f}"
