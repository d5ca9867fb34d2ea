"""What a difference and its interval say, in words; and how near a language comes to the source."""

from __future__ import annotations

HELPS, UNCLEAR, HARMS = "helps", "no clear difference", "harms"


def verdict(low: float, high: float) -> str:
    """Whether a module helps or harms: the whole 95% interval of the difference lies on one side of zero."""
    return HELPS if low > 0 else HARMS if high < 0 else UNCLEAR


def equivalence(value: float, source: float) -> dict[str, float | None]:
    """A language's score beside the source's: as a share of it in percent, and in points less."""
    share = round(100 * value / source, 1) if source else None
    return {"relative": share, "absolute": round(value - source, 2)}
