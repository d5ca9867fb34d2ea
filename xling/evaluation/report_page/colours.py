"""Colours of the heat map: sequential, told apart without red and green, with text that stands out.

One scale for a light page (pale to deep) and one for a dark page (deep to bright), both running in
lightness from one end to the other, so that they also survive a grey print.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Rgb = tuple[int, int, int]

LIGHT: Sequence[Rgb] = ((243, 246, 234), (196, 226, 208), (116, 190, 190), (45, 128, 166), (24, 62, 117))
DARK: Sequence[Rgb] = ((33, 37, 62), (37, 70, 118), (36, 118, 146), (94, 178, 160), (214, 232, 164))
_INK: Sequence[Rgb] = ((0, 0, 0), (255, 255, 255))


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
