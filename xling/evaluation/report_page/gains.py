"""The gain of each condition over no language module, its verdict, and the comparison with the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xling.evaluation.bootstrap import HARMS, HELPS, UNCLEAR, verdict
from xling.evaluation.report_page.matrix import Language, Matrix, Score
from xling.evaluation.report_page.style import Scale, round_ticks
from xling.evaluation.report_page.wording import bounds, gained
from xling.evaluation.results import NONE, SOURCE, Gain, Results

_CLASSES = {HELPS: "helps", HARMS: "harms"}
_SIGNS = {HELPS: "\N{BLACK UP-POINTING TRIANGLE}", HARMS: "\N{BLACK DOWN-POINTING TRIANGLE}"}


@dataclass(frozen=True, kw_only=True)
class GainBar:
    """The gain of one language in points, with the interval of the difference if it is known.

    Otherwise the verdict depends on whether the intervals of the two scores overlap.
    """

    language: Language
    condition: str
    value: float
    low: float | None
    high: float | None
    verdict: str

    @property
    def paired(self) -> bool:
        """Whether the interval of the difference is known."""
        return self.low is not None and self.high is not None

    @property
    def shown(self) -> str:
        """The gain as the page writes it."""
        return gained(self.value)

    @property
    def between(self) -> str:
        """The interval as the page writes it."""
        return bounds(self.low, self.high)

    @property
    def sign(self) -> str:
        """The verdict as a symbol."""
        return _SIGNS.get(self.verdict, "")

    @property
    def reason(self) -> str:
        """The reason for the verdict, empty if it is the interval of the difference."""
        if self.paired:
            return ""
        return "intervals overlap" if self.verdict == UNCLEAR else "intervals do not overlap"


@dataclass(frozen=True)
class Gains:
    """The bars, best first, and the ticks of their common axis, in points."""

    bars: tuple[GainBar, ...]
    ticks: tuple[float, ...]

    def at(self, value: float) -> str:
        """Return the position of a value on the axis, as a CSS percentage."""
        return f"{100 * Scale(self.ticks[0], self.ticks[-1]).share(value):.2f}%"

    def width(self, low: float, high: float) -> str:
        """Return the width of an interval on the axis, as a CSS percentage."""
        return f"{100 * (high - low) / (self.ticks[-1] - self.ticks[0]):.2f}%"

    def names(self, verdict: str) -> tuple[str, ...]:
        """Return the names of the target languages with a verdict."""
        bars = (bar for bar in self.bars if bar.verdict == verdict and not bar.language.source)
        return tuple(bar.language.name for bar in bars)


def build(matrix: Matrix, gains: Sequence[Gain]) -> Gains | None:
    """Return the bars of all languages of whose plan the page tells, against no module; None without any."""
    known = {(gain.language, gain.condition): gain for gain in gains}
    bars = [bar for language in matrix.languages if (bar := _bar(language, known)) is not None]
    if not bars:
        return None
    bars.sort(key=lambda bar: (-bar.value, bar.language.tag))
    ends = [0.0, *(end for bar in bars for end in (bar.value, bar.low, bar.high) if end is not None)]
    ticks = round_ticks(min(ends), max(ends), at_most=5)
    return Gains(tuple(bars), ticks)


def _bar(language: Language, known: dict[tuple[str, str], Gain]) -> GainBar | None:
    condition = language.told or NONE
    own, control = language.scores.get(condition), language.scores.get(NONE)
    if own is None or control is None or condition == NONE:
        return None
    gain = known.get((language.tag, condition))
    low, high = (None, None) if gain is None else (gain.low, gain.high)
    return GainBar(
        language=language,
        condition=condition,
        value=own.value - control.value if gain is None else gain.value,
        low=low,
        high=high,
        verdict=_apart(own, control) if low is None or high is None else verdict(low, high),
    )


def _apart(own: Score, control: Score) -> str:
    """Return the verdict: whether one interval lies wholly above the other."""
    if own.low is not None and control.high is not None and own.low > control.high:
        return HELPS
    if own.high is not None and control.low is not None and own.high < control.low:
        return HARMS
    return UNCLEAR


@dataclass(frozen=True)
class EffectRow:
    """The effects for one language, None for a condition that was not tested."""

    language: Language
    effects: tuple[GainBar | None, ...]


@dataclass(frozen=True)
class Ablation:
    """The table of effects. conditions: its columns, in the order of the score table."""

    conditions: tuple[str, ...]
    rows: tuple[EffectRow, ...]


@dataclass(frozen=True, kw_only=True)
class Near:
    """A target compared with the source. share: its score divided by the source's; None if that is zero."""

    language: Language
    condition: str
    share: float | None
    points: str


def ablation(matrix: Matrix, results: Results) -> Ablation | None:
    """Return the table of all conditions; None if the bars tell all of them but the source's."""
    known = {(gain.language, gain.condition): gain for gain in results.gains}
    tested = {condition for _, condition in known}
    told = {(language.tag, language.told) for language in matrix.languages}
    conditions = tuple(name for name in matrix.conditions if name in tested and name != NONE)
    if all(name == SOURCE or (tag, name) in told for tag, name in known):
        return None
    rows = (
        EffectRow(language, tuple(_effect(language, known.get((language.tag, name))) for name in conditions))
        for language in matrix.languages
    )
    return Ablation(conditions, tuple(row for row in rows if any(row.effects)))


def nearness(matrix: Matrix, results: Results) -> tuple[Near, ...]:
    """Return all targets under the condition that the page tells of, the nearest to the source first."""
    known = {(row.language, row.condition): row for row in results.equivalence}
    rows = [
        Near(
            language=language,
            condition=row.condition,
            share=None if row.relative is None else row.relative / 100,
            points=gained(row.absolute),
        )
        for language in matrix.targets
        if (row := known.get((language.tag, language.told or ""))) is not None
    ]
    return tuple(sorted(rows, key=lambda row: (-(row.share or 0.0), row.language.tag)))


def css_class(verdict: str) -> str:
    """Return the CSS class of a verdict."""
    return _CLASSES.get(verdict, "unclear")


def _effect(language: Language, gain: Gain | None) -> GainBar | None:
    if gain is None:
        return None
    said = gain.verdict
    if not said and gain.low is not None and gain.high is not None:
        said = verdict(gain.low, gain.high)
    points = {"value": gain.value, "low": gain.low, "high": gain.high}
    return GainBar(language=language, condition=gain.condition, verdict=said, **points)
