"""What a language's own module adds over no language module, and whether that is more than noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xling.evaluation.bootstrap import HARMS, HELPS, UNCLEAR, verdict
from xling.evaluation.conditions import NONE, SOURCE, TARGET
from xling.evaluation.report_page.matrix import Language, Matrix, Score
from xling.evaluation.report_page.numbers import bounds, gained
from xling.evaluation.report_page.style import round_ticks
from xling.evaluation.results import Gain

_CLASSES = {HELPS: "helps", UNCLEAR: "unclear", HARMS: "harms"}


@dataclass(frozen=True, kw_only=True)
class GainBar:
    """One language's gain in points. paired: the interval is of the difference itself.

    Without one the verdict rests on whether the two scores' own intervals overlap.
    """

    language: Language
    value: float
    low: float | None
    high: float | None
    paired: bool
    verdict: str

    @property
    def shown(self) -> str:
        """The gain as the page writes it."""
        return gained(self.value)

    @property
    def between(self) -> str:
        """Its interval as the page writes it."""
        return bounds(self.low, self.high)

    @property
    def css_class(self) -> str:
        """How the style sheet calls the verdict."""
        return _CLASSES[self.verdict]

    @property
    def reason(self) -> str:
        """What the verdict rests on, where that is not the interval of the difference."""
        if self.paired:
            return ""
        return "intervals overlap" if self.verdict == UNCLEAR else "intervals do not overlap"


@dataclass(frozen=True, kw_only=True)
class Gains:
    """The bars, best first, and the axis they share. ticks: in points."""

    bars: tuple[GainBar, ...]
    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> str:
        """Where a value lies on the axis, as a CSS percentage."""
        return f"{100 * (value - self.low) / (self.high - self.low):.2f}%"

    def width(self, low: float, high: float) -> str:
        """How wide a span is on the axis, as a CSS percentage."""
        return f"{100 * (high - low) / (self.high - self.low):.2f}%"

    def names(self, verdict: str) -> tuple[str, ...]:
        """The names of the target languages with a verdict."""
        bars = (bar for bar in self.bars if bar.verdict == verdict and not bar.language.source)
        return tuple(bar.language.name for bar in bars)


def build(matrix: Matrix, gains: Sequence[Gain]) -> Gains | None:
    """The bars of every language with its own module and the control; None when there are none."""
    known = {(gain.language, gain.condition): gain for gain in gains}
    bars = [bar for language in matrix.languages if (bar := _bar(language, known)) is not None]
    if not bars:
        return None
    bars.sort(key=lambda bar: (-bar.value, bar.language.tag))
    ends = [0.0, *(end for bar in bars for end in (bar.value, bar.low, bar.high) if end is not None)]
    ticks = round_ticks(min(ends), max(ends), at_most=5)
    return Gains(bars=tuple(bars), low=ticks[0], high=ticks[-1], ticks=ticks)


def _bar(language: Language, known: dict[tuple[str, str], Gain]) -> GainBar | None:
    """The source's own module is that of the condition `source`."""
    condition = TARGET if TARGET in language.scores else SOURCE if language.source else TARGET
    own, control = language.scores.get(condition), language.scores.get(NONE)
    if own is None or control is None:
        return None
    gain = known.get((language.tag, condition))
    if gain is not None and gain.low is not None and gain.high is not None:
        return GainBar(
            language=language,
            value=gain.value,
            low=gain.low,
            high=gain.high,
            paired=True,
            verdict=verdict(gain.low, gain.high),
        )
    value = own.value - control.value if gain is None else gain.value
    return GainBar(
        language=language, value=value, low=None, high=None, paired=False, verdict=_apart(own, control)
    )


def _apart(own: Score, control: Score) -> str:
    """Whether one interval lies wholly above the other."""
    if own.low is not None and control.high is not None and own.low > control.high:
        return HELPS
    if own.high is not None and control.low is not None and own.high < control.low:
        return HARMS
    return UNCLEAR
