"""The diagnosis of one base on one text: its figures, what its normaliser harms, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xling.bases.base import Base
from xling.errors import InputError
from xling.languages import name, script
from xling.vocabulary.diagnosis.advice import Verdict, judge, main_script, script_in_words
from xling.vocabulary.diagnosis.losses import JOINED, JOINERS, Loss, Losses, losses
from xling.vocabulary.diagnosis.measures import Figures, divergence, figures
from xling.vocabulary.letters import called, first, scripts, times

_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """base: as `--base` names it. other, divergence: of the text compared with, and how far off that is.

    warnings: what the figures do not show, a sentence each.
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
    """Hold a base's tokenizer against the lines of a text.

    against: lines of a language that the base serves well. language: the tag of the text's language.
    Raises InputError for a text without a letter, or an unknown language.
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
        warnings=(*_unexpected_script(found, language), *_harm(lost.harmful), *_unread_joiners(found)),
    )


def _unexpected_script(found: Figures, language: str | None) -> Iterator[str]:
    """Writing systems of several scripts, such as Jpan, have no name among Unicode's and are let pass."""
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


def in_words(loss: Loss) -> str:
    """A loss as a person says it: `drops U+200C ZERO WIDTH NON-JOINER 312 times`."""
    what, often = called(loss.character), times(loss.count)
    if not loss.becomes:
        return f"drops {what} {often}"
    becomes = "a space" if loss.becomes == " " else " ".join(f"U+{ord(part):04X}" for part in loss.becomes)
    return f"turns {what} into {becomes} {often}"
