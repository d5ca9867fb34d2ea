"""Fonts that a reader's machine may have for texts of any script; none of them is loaded from elsewhere."""

from __future__ import annotations

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


def stack() -> str:
    """The families as CSS lists them; the browser takes for each letter the first that has it."""
    noto = (f"Noto Sans {script}" for script in _NOTO.split("|"))
    return ", ".join((*_SYSTEM.split("|"), *noto, *_OTHERS.split("|"), "sans-serif"))
