"""How the page looks: the colours of the heat map, the numbers of its axes, the fonts of its texts.

The colours are sequential and told apart without red and green, with text that stands out: one scale for a
light page (pale to deep) and one for a dark page (deep to bright), both running in lightness from one end to
the other, so that they also survive a grey print. No font is loaded from elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Rgb = tuple[int, int, int]

LIGHT: Sequence[Rgb] = ((243, 246, 234), (196, 226, 208), (116, 190, 190), (45, 128, 166), (24, 62, 117))
DARK: Sequence[Rgb] = ((33, 37, 62), (37, 70, 118), (36, 118, 146), (94, 178, 160), (214, 232, 164))
_INK: Sequence[Rgb] = ((0, 0, 0), (255, 255, 255))
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


@dataclass(frozen=True, kw_only=True)
class Paint:
    """Background and text of a cell on a light and on a dark page, as CSS colours."""

    light: str
    light_ink: str
    dark: str
    dark_ink: str


def paint(fraction: float) -> Paint:
    """The colours at a place between 0 and 1 of the scale."""
    light, dark = between(LIGHT, fraction), between(DARK, fraction)
    return Paint(light=css(light), light_ink=css(ink(light)), dark=css(dark), dark_ink=css(ink(dark)))


def gradient(scale: Sequence[Rgb]) -> str:
    """The whole scale as a CSS gradient, for the legend."""
    return f"linear-gradient(90deg, {', '.join(map(css, scale))})"


def between(scale: Sequence[Rgb], fraction: float) -> Rgb:
    """The colour at a fraction of the way along the scale; outside it, the nearer end."""
    place = min(max(fraction, 0.0), 1.0) * (len(scale) - 1)
    index = min(int(place), len(scale) - 2)
    share = place - index
    red, green, blue = (
        round(low + share * (high - low)) for low, high in zip(scale[index], scale[index + 1], strict=True)
    )
    return red, green, blue


def ink(background: Rgb) -> Rgb:
    """Black or white, whichever stands out more."""
    return max(_INK, key=lambda colour: contrast(colour, background))


def contrast(first: Rgb, second: Rgb) -> float:
    """The contrast ratio of WCAG 2, from 1 to 21."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def css(colour: Rgb) -> str:
    """The colour as CSS writes it."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _luminance(colour: Rgb) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def round_ticks(low: float, high: float, *, at_most: int) -> tuple[float, ...]:
    """Round numbers at equal steps that enclose the span, in about `at_most` steps.

    A span that is next to nothing beside the values is drawn on an axis as long as they are large.
    """
    size = max(abs(low), abs(high), 1e-3)
    span = high - low if high - low > 1e-6 * max(size, 1.0) else size
    size = 10.0 ** math.floor(math.log10(span))
    factors = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
    step = next((size * factor for factor in factors if span / (size * factor) <= at_most), size * 10)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(round(step * index, 9) for index in range(first, max(last, first + 1) + 1))


def font_stack() -> str:
    """Fonts that a reader's machine may have for texts of any script, as CSS lists them.

    The browser takes for each letter the first that has it.
    """
    noto = (f"Noto Sans {script}" for script in _NOTO.split("|"))
    return ", ".join((*_SYSTEM.split("|"), *noto, *_OTHERS.split("|"), "sans-serif"))
