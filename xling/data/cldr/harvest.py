"""Collecting the names that CLDR has in every locale, except those that would make labels wrong.

Source: the Unicode CLDR as the library babel ships it (licence Unicode-3.0).
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale

Names = dict[str, str]  # "TERRITORY/SE" -> the name

TYPES = ("TERRITORY", "LANGUAGE", "SCRIPT", "CURRENCY", "DATE")

# descriptions and test values, not names: "unknown region", "no linguistic content", pseudo-accents
_NO_NAMES = frozenset(
    ["ZZ", "XA", "XB", "und", "mul", "mis", "zxx", "root", "XXX", "XTS"]
    + ["Zinh", "Zmth", "Zsye", "Zsym", "Zxxx", "Zyyy", "Zzzz"]
)
WORLD = "@001"  # marks the second form of a date
_ENGLISH, _ROOT = "en", "root"
_LEAP_YEAR = 2024
_NO_MONTH = re.compile(r"M?\d+")  # the names of months in root
_SHORT_MONTH = re.compile(r"(?<![ML])(MMM|LLL)(?![ML])")
_LONG_DATE = re.compile(r"(d MMMM),? y|(MMMM d),? y|y,? (MMMM d)")


def harvest() -> dict[str, Names]:
    """Return names by locale, then by type and key.

    Names are dropped if a locale inherits them, if they equal the English name, if they contain no letter, or
    if they name things of two types in the locale ("Arabic").
    """
    english = _names(_ENGLISH)
    kept: dict[str, Names] = {}
    for locale in _locales():
        others = [_names(parent_of(locale)), {} if locale == _ENGLISH else english]
        own = {
            key: value
            for key, value in _names(locale).items()
            if all(other.get(key, "").casefold() != value.casefold() for other in others)
        }
        kept[locale] = _of_one_type(own)
    return kept


def parent_of(locale: str) -> str:
    """Return the locale from which a locale inherits, usually `root` (UTS 35, parent locales)."""
    from babel.core import get_global

    language, _, script = locale.partition("_")
    known = get_global("parent_exceptions").get(locale)
    if known or not script:
        return known or _ROOT
    likely = get_global("likely_subtags").get(language, "").split("_")
    return language if script in likely else _ROOT


def _locales() -> Iterator[str]:
    """Yield the locales of languages, with a script where there are several. Regions add almost no names."""
    from babel import localedata

    for locale in sorted(localedata.locale_identifiers()):
        _, _, rest = locale.partition("_")
        if locale != _ROOT and (not rest or (len(rest) == 4 and rest.isalpha())):
            yield locale


@cache
def _names(locale: str) -> Names:
    """Return all names of a locale, including inherited ones.

    `localedata.load(..., merge_inherited=False)` must not be used here: babel caches its result under the
    same name as the complete data, which breaks every later use of the locale.
    """
    from babel import Locale

    if locale == _ROOT:
        return {}
    data = Locale.parse(locale)
    sections = (data.territories, data.languages, data.scripts, data.currencies)
    names = {
        f"{kind}/{key}": _tidy(value)
        for kind, section in zip(TYPES, sections, strict=False)
        for key, value in section.items()
        if key not in _NO_NAMES and any(character.isalpha() for character in value)
    }
    return names | dict(_dates(data))


def _dates(data: Locale) -> Iterator[tuple[str, str]]:
    """Yield every day of a year as day and month, if the months have names.

    If the world-wide form of a language differs (`en_001` has 5 May beside May 5), it is a second name.
    """
    from babel.dates import parse_pattern

    if any(_NO_MONTH.fullmatch(name) for name in data.months["format"]["wide"].values()):
        return
    written = [(parse_pattern(_day_and_month(form)), form) for form in (data, *_world(data))]
    day = datetime.date(_LEAP_YEAR, 1, 1)
    while day.year == _LEAP_YEAR:
        texts = dict.fromkeys(_tidy(pattern.apply(day, form)) for pattern, form in written)
        for text, mark in zip(texts, ("", WORLD), strict=False):
            yield f"DATE/{day:%m-%d}{mark}", text
        day += datetime.timedelta(days=1)


def _world(data: Locale) -> Iterator[Locale]:
    from babel import Locale, localedata

    if localedata.exists(f"{data}_001"):
        yield Locale.parse(f"{data}_001")


def _day_and_month(data: Locale) -> str:
    """Return the locale's long pattern for a day without its year, in the notation of UTS 35.

    This is the skeleton MMMMd if the locale defines it; else MMMd with the full month name (UTS 35, missing
    skeleton fields); else the long date, if it consists of day, month and year only.
    """
    own = {name: pattern.pattern for name, pattern in data.datetime_skeletons.items()}
    if own["MMMMd"] != "MMMM d":  # the pattern of root
        return own["MMMMd"]
    if own["MMMd"] != "MMM d":
        return _SHORT_MONTH.sub(lambda match: match[0][0] * 4, own["MMMd"])
    plain = _LONG_DATE.fullmatch(data.date_formats["long"].pattern)
    return next(filter(None, plain.groups())) if plain else own["MMMMd"]


def _of_one_type(names: Names) -> Names:
    kinds: dict[str, set[str]] = defaultdict(set)
    for key, value in names.items():
        kinds[value.casefold()].add(key.partition("/")[0])
    return {key: value for key, value in names.items() if len(kinds[value.casefold()]) == 1}


def _tidy(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))
