"""What each condition adds to every language, and how near each comes to the source."""

from __future__ import annotations

from dataclasses import dataclass

from xling.evaluation.bootstrap import HARMS, HELPS, UNCLEAR, verdict
from xling.evaluation.conditions import NONE, SOURCE, TARGET
from xling.evaluation.report_page.matrix import Language, Matrix
from xling.evaluation.report_page.numbers import bounds, gained
from xling.evaluation.results import Gain, Results

_SIGNS = {HELPS: "\N{BLACK UP-POINTING TRIANGLE}", HARMS: "\N{BLACK DOWN-POINTING TRIANGLE}", UNCLEAR: ""}
_CLASSES = {HELPS: "helps", HARMS: "harms"}


@dataclass(frozen=True)
class Effect:
    """One condition against no language module, in points."""

    shown: str
    between: str
    verdict: str

    @property
    def sign(self) -> str:
        """The verdict as a shape."""
        return _SIGNS.get(self.verdict, "")

    @property
    def css_class(self) -> str:
        """How the style sheet calls the verdict."""
        return _CLASSES.get(self.verdict, "unclear")


@dataclass(frozen=True)
class EffectRow:
    """A language; None where it was not tested under a condition."""

    language: Language
    effects: tuple[Effect | None, ...]


@dataclass(frozen=True)
class Ablation:
    """conditions: the columns, in the order of the scores."""

    conditions: tuple[str, ...]
    rows: tuple[EffectRow, ...]


@dataclass(frozen=True, kw_only=True)
class Near:
    """A target beside the source. share: of the source's score, one being all of it; None of a zero."""

    language: Language
    condition: str
    share: float | None
    points: str


def build(matrix: Matrix, results: Results) -> Ablation | None:
    """The table; None where there is no more to tell than the gains of source's and own module."""
    known = {(gain.language, gain.condition): gain for gain in results.gains}
    tested = {condition for _, condition in known}
    conditions = tuple(name for name in matrix.conditions if name in tested and name != NONE)
    if not set(conditions) - {SOURCE, TARGET}:
        return None
    rows = (
        EffectRow(language, tuple(_effect(known.get((language.tag, name))) for name in conditions))
        for language in matrix.languages
    )
    return Ablation(conditions, tuple(row for row in rows if any(row.effects)))


def nearness(matrix: Matrix, results: Results) -> tuple[Near, ...]:
    """Every target under its own condition, the nearest to the source first."""
    known = {(row.language, row.condition): row for row in results.equivalence}
    rows = [
        Near(
            language=language,
            condition=row.condition,
            share=None if row.relative is None else row.relative / 100,
            points=gained(row.absolute),
        )
        for language in matrix.targets
        if (row := known.get((language.tag, language.own or ""))) is not None
    ]
    return tuple(sorted(rows, key=lambda row: (-(row.share or 0.0), row.language.tag)))


def _effect(gain: Gain | None) -> Effect | None:
    if gain is None:
        return None
    said = gain.verdict
    if not said and gain.low is not None and gain.high is not None:
        said = verdict(gain.low, gain.high)
    return Effect(gained(gain.value), bounds(gain.low, gain.high), said)
