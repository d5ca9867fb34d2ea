"""The names that CLDR gives things in every locale, without what would make labels wrong.

Source: the Unicode CLDR as the library babel ships it (licence Unicode-3.0).
"""

from __future__ import annotations

import datetime
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

Names = dict[str, str]  # "TERRITORY/SE" -> the name

TYPES = ("TERRITORY", "LANGUAGE", "SCRIPT", "CURRENCY", "DATE")

_SECTIONS: Mapping[str, str] = {
    "territories": "TERRITORY",
    "languages": "LANGUAGE",
    "scripts": "SCRIPT",
    "currency_names": "CURRENCY",
}
# "unknown region", "no linguistic content", pseudo-accents: descriptions and test values, no names
_NO_NAMES = frozenset("ZZ XA XB und mul mis zxx root Zinh Zxxx Zyyy Zzzz Zmth Zsye Zsym XXX XTS".split())
_LEAP_YEAR = 2024
_ENGLISH = "en"


def harvest() -> dict[str, Names]:
    """Names by locale, then by type and key.

    Dropped: what a locale inherits, what equals the English name, what has no letter, and strings
    that stand for things of two types in the locale ("Arabic").
    """
    from babel import localedata

    own = {locale: dict(_own_names(locale, localedata.load(locale, False))) for locale in _locales()}
    kept: dict[str, Names] = {}
    for locale, names in own.items():
        others = [_inherited(locale), {} if locale == _ENGLISH else own[_ENGLISH]]
        kept[locale] = _of_one_type(
            {
                key: value
                for key, value in names.items()
                if all(other.get(key, "").casefold() != value.casefold() for other in others)
            }
        )
    return kept


def _locales() -> Iterator[str]:
    """Languages, with a script where they have several; regions add next to nothing."""
    from babel import localedata

    for locale in sorted(localedata.locale_identifiers()):
        _, _, rest = locale.partition("_")
        if locale != "root" and (not rest or (len(rest) == 4 and rest.isalpha())):
            yield locale


def _inherited(locale: str) -> Names:
    """The names of the locale that this one falls back on; one said again is not its own."""
    from babel import localedata
    from babel.core import get_global

    parent = get_global("parent_exceptions").get(locale) or locale.rpartition("_")[0]
    return dict(_names(localedata.load(parent))) if parent and parent != "root" else {}


def _own_names(locale: str, data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _names(data)
    yield from _dates(locale, data)


def _names(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for section, kind in _SECTIONS.items():
        for key, value in (data.get(section) or {}).items():
            if key not in _NO_NAMES and isinstance(value, str) and _has_letter(value):
                yield f"{kind}/{key}", _tidy(value)


def _dates(locale: str, data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every day of a year as day and month, where the locale has names of all months of its own."""
    from babel import Locale

    months = ((data.get("months") or {}).get("format") or {}).get("wide")
    if not isinstance(months, dict) or not all(_has_letter(str(months.get(m, ""))) for m in range(1, 13)):
        return
    where = Locale.parse(locale)
    try:
        pattern = where.datetime_skeletons["MMMMd"]
    except KeyError:
        return
    day = datetime.date(_LEAP_YEAR, 1, 1)
    while day.year == _LEAP_YEAR:
        text = _tidy(pattern.apply(day, where))
        if _has_letter(text):
            yield f"DATE/{day:%m-%d}", text
        day += datetime.timedelta(days=1)


def _of_one_type(names: Names) -> Names:
    kinds: dict[str, set[str]] = defaultdict(set)
    for key, value in names.items():
        kinds[value.casefold()].add(key.partition("/")[0])
    return {key: value for key, value in names.items() if len(kinds[value.casefold()]) == 1}


def _has_letter(text: str) -> bool:
    return any(character.isalpha() for character in text)


def _tidy(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))
