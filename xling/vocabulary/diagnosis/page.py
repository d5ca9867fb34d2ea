"""The diagnosis as one HTML page: a section per base, with inline drawings, no scripts and no network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jinja2 import Environment, PackageLoader, StrictUndefined

from xling.vocabulary.diagnosis.advice import percent
from xling.vocabulary.diagnosis.diagnosis import HEAD, MEASURES, Diagnosis, beside, in_words
from xling.vocabulary.diagnosis.measures import Coverage, Figures
from xling.vocabulary.letters import called, times

WIDTH, ROW = 320, 34
_MOST_BLOCKS, _MOST_PIECES = 12, 10
_CURVE_HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 150, 58.0, 310.0, 10.0, 122.0
_POINTS = 120


@dataclass(frozen=True, kw_only=True)
class FigureBar:
    """One bar of a drawing.

    value: the text of its value.
    fraction: its length as a fraction of the full width.
    top: the vertical position of its row.
    """

    label: str
    value: str
    fraction: float
    top: int


@dataclass(frozen=True)
class Bars:
    """The bars of one drawing."""

    rows: tuple[FigureBar, ...]

    @property
    def height(self) -> int:
        """The height of all rows together."""
        return ROW * len(self.rows)


@dataclass(frozen=True)
class FigureTick:
    """A label and its position on an axis."""

    text: str
    at: str


@dataclass(frozen=True, kw_only=True)
class FrequencyCurve:
    """The frequency of pieces by rank, on logarithmic axes.

    path: the SVG path of the curve.
    ranks, shares: the ticks of the two axes.
    """

    path: str
    ranks: tuple[FigureTick, ...]
    shares: tuple[FigureTick, ...]
    width: int = WIDTH
    height: int = _CURVE_HEIGHT
    left: float = _LEFT
    right: float = _RIGHT
    top: float = _TOP
    bottom: float = _BOTTOM


def unreadable_by_block(blocks: Sequence[Coverage]) -> Bars:
    """Draw the share of unreadable letters in each of the largest blocks; the full width is 100 %."""
    shown = [(group.name, f"{percent(group.share)} of {group.letters:,}", group.share) for group in blocks]
    return _bars(shown[:_MOST_BLOCKS])


def pieces_per_word(figures: Figures) -> Bars:
    """Draw the share of words by number of pieces; the full width is the largest share.

    Words with many pieces share one bar.
    """
    words = dict(figures.split)
    total = max(1, sum(words.values()))
    last = min(max(words, default=1), _MOST_PIECES)
    shares = [(f"{pieces}", words.get(pieces, 0) / total) for pieces in range(min(words, default=1), last)]
    rest = sum(often for pieces, often in words.items() if pieces >= last) / total
    shares.append((f"{last} or more" if max(words, default=1) > last else f"{last}", rest))
    largest = max(share for _, share in shares) or 1.0
    return _bars([(label, percent(share), share / largest) for label, share in shares])


def rank_frequency(figures: Figures) -> FrequencyCurve | None:
    """Draw the share of each piece in the text by its rank; None if there are fewer than two pieces."""
    if figures.distinct < 2:
        return None
    ranks = sorted({round(figures.distinct ** (step / _POINTS)) for step in range(_POINTS + 1)})
    points = [(rank, figures.counts[rank - 1][1] / figures.pieces) for rank in ranks]
    lowest = min(-1, math.floor(math.log10(points[-1][1])))
    far = math.log10(figures.distinct)

    def along(rank: int) -> str:
        return f"{_LEFT + math.log10(rank) / far * (_RIGHT - _LEFT):.1f}"

    def up(share: float) -> str:
        return f"{_TOP + math.log10(share) / lowest * (_BOTTOM - _TOP):.1f}"

    return FrequencyCurve(
        path="M" + "L".join(f"{along(rank)} {up(share)}" for rank, share in points),
        ranks=tuple(FigureTick(f"{10**step:,}", along(10**step)) for step in range(math.floor(far) + 1)),
        shares=tuple(
            FigureTick(f"{100 * 10.0**step:g}%", up(10.0**step)) for step in range(0, lowest - 1, -1)
        ),
    )


def _bars(rows: Sequence[tuple[str, str, float]]) -> Bars:
    return Bars(
        tuple(
            FigureBar(label=label, value=value, fraction=fraction, top=ROW * at)
            for at, (label, value, fraction) in enumerate(rows)
        )
    )


@dataclass(frozen=True)
class Section:
    """One base on the page.

    command: the command to run next, or an empty text if nothing needs to be done.
    words: the shares of words that a text, pairs or a dictionary hold, by label.
    expected: what can be expected of them, in sentences without a full stop.
    """

    diagnosis: Diagnosis
    command: str
    words: Mapping[str, str] = field(default_factory=dict)
    expected: tuple[str, ...] = ()


def render(sections: Sequence[Section], *, texts: Sequence[str], language: str = "") -> str:
    """Render the page as HTML text; equal input gives equal text.

    texts: the files that were read.
    language: the name of their language, if it was given.
    """
    environment = Environment(
        loader=PackageLoader("xling.vocabulary.diagnosis", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        unreadable_by_block=unreadable_by_block, pieces_per_word=pieces_per_word,
        rank_frequency=rank_frequency, width=WIDTH, measures=MEASURES, head=HEAD, beside=beside,
        in_words=in_words, called=called, times=times,
    )  # fmt: skip
    page = environment.get_template("diagnosis.html")
    return page.render(sections=sections, texts=texts, language=language)
