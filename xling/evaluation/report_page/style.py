"""How the page looks: the colours of the heat map, the numbers of its axes, the fonts of its texts.

The colours are sequential, do not contrast red with green, and leave text readable: one scale for a light
page (pale to deep) and one for a dark page (deep to bright). The lightness of both changes steadily, so that
they also work in a grey print. No font is downloaded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

_SYSTEM = "system-ui|-apple-system|Segoe UI|Noto Sans"
_NOTO = (
    "Arabic|Hebrew|NKo|Adlam|Ethiopic|Tifinagh|Vai|Devanagari|Bengali|Gurmukhi|Gujarati|Oriya|Tamil|Telugu"
    "|Kannada|Malayalam|Sinhala|Thai|Lao|Khmer|Myanmar|Georgian|Armenian|Cherokee|Canadian Aboriginal|Thaana"
    "|Syriac|Ol Chiki|Mongolian|Javanese|Balinese|Sundanese|Lisu|Yi|Osage|Hanifi Rohingya|CJK SC"
)
_OTHERS = (
    "Noto Serif Tibetan"
    # Windows: Africa, India, South-East Asia, North America, Tibet, the Maldives, East Asia
    "|Ebrima|Nirmala UI|Leelawadee UI|Myanmar Text|Gadugi|Microsoft Himalaya|MV Boli|Microsoft YaHei"
    "|Malgun Gothic"
    # macOS
    "|Geeza Pro|Kefa|Kailasa|Kohinoor Devanagari|Thonburi|Khmer Sangam MN|Euphemia UCAS|PingFang SC"
)


@dataclass(frozen=True)
class Colour:
    """An RGB colour; each channel is from 0 to 255."""

    red: int
    green: int
    blue: int

    @property
    def css(self) -> str:
        """The colour as CSS writes it."""
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def luminance(self) -> float:
        """The relative luminance of WCAG 2, from 0 to 1."""
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in (channel / 255 for channel in (self.red, self.green, self.blue))
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@dataclass(frozen=True)
class Scale:
    """The two ends of an axis or of a colour scale."""

    low: float
    high: float

    def share(self, value: float) -> float:
        """Return the position of a value on the scale: 0 at its low end, 1 at its high end."""
        return (value - self.low) / (self.high - self.low)


LIGHT: Sequence[Colour] = (
    Colour(243, 246, 234),
    Colour(196, 226, 208),
    Colour(116, 190, 190),
    Colour(45, 128, 166),
    Colour(24, 62, 117),
)
DARK: Sequence[Colour] = (
    Colour(33, 37, 62),
    Colour(37, 70, 118),
    Colour(36, 118, 146),
    Colour(94, 178, 160),
    Colour(214, 232, 164),
)
_INK = (Colour(0, 0, 0), Colour(255, 255, 255))


@dataclass(frozen=True, kw_only=True)
class Paint:
    """Background and text of a cell on a light and on a dark page, as CSS colours."""

    light: str
    light_ink: str
    dark: str
    dark_ink: str


def paint(fraction: float) -> Paint:
    """Return the colours at a position from 0 to 1 on the scale."""
    light, dark = between(LIGHT, fraction), between(DARK, fraction)
    return Paint(light=light.css, light_ink=ink(light).css, dark=dark.css, dark_ink=ink(dark).css)


def gradient(colours: Sequence[Colour]) -> str:
    """Return the whole scale as a CSS gradient, for the legend."""
    return f"linear-gradient(90deg, {', '.join(colour.css for colour in colours)})"


def between(colours: Sequence[Colour], fraction: float) -> Colour:
    """Return the interpolated colour at a position from 0 to 1; positions outside are clipped."""
    place = min(max(fraction, 0.0), 1.0) * (len(colours) - 1)
    index = min(int(place), len(colours) - 2)
    share = place - index
    channels = zip(astuple(colours[index]), astuple(colours[index + 1]), strict=True)
    return Colour(*(round(low + share * (high - low)) for low, high in channels))


def ink(background: Colour) -> Colour:
    """Return black or white, whichever has more contrast with the background."""
    return max(_INK, key=lambda colour: contrast(colour, background))


def contrast(first: Colour, second: Colour) -> float:
    """Return the contrast ratio of WCAG 2, from 1 to 21."""
    low, high = sorted((first.luminance, second.luminance))
    return (high + 0.05) / (low + 0.05)


def round_ticks(low: float, high: float, *, at_most: int) -> tuple[float, ...]:
    """Return round numbers at equal steps that enclose an interval, in about `at_most` steps.

    An interval that is tiny compared with its values is widened to their size.
    """
    size = max(abs(low), abs(high), 1e-3)
    span = high - low if high - low > 1e-6 * max(size, 1.0) else size
    size = 10.0 ** math.floor(math.log10(span))
    factors = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
    step = next((size * factor for factor in factors if span / (size * factor) <= at_most), size * 10)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(round(step * index, 9) for index in range(first, max(last, first + 1) + 1))


def font_stack() -> str:
    """Return a CSS list of common fonts for all scripts.

    For each letter, the browser uses the first installed font that contains it.
    """
    noto = (f"Noto Sans {script}" for script in _NOTO.split("|"))
    return ", ".join((*_SYSTEM.split("|"), *noto, *_OTHERS.split("|"), "sans-serif"))
