"""Language tags: ISO 639-3, with the ISO 15924 script only when it is not the language's likely one.

Everything that people and data sets write is converted to that form here: ISO 639-1 and 639-2 codes, FLORES
tags, macrolanguages and the codes of shared tasks. Names, valid codes and likely scripts come from
`langcodes`; the tables below hold only what it leaves open or reads in another way.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache

from langcodes import Language, find
from langcodes.data_dicts import (
    ALL_SCRIPTS,
    LANGUAGE_ALPHA3,
    LANGUAGE_REPLACEMENTS,
    LIKELY_SUBTAGS,
    MACROLANGUAGES,
)

from xling.errors import InputError

# The individual language that data sets mean by a macrolanguage's code. A macrolanguage stays itself
# where they mean it as a whole, or use it beside its members: aka (beside twi), kon, san.
_INDIVIDUAL: Mapping[str, str] = {
    "ara": "arb", "aym": "ayr", "aze": "azj", "bik": "bcl", "bua": "bxr", "chm": "mhr",
    "din": "dik", "est": "ekk", "fas": "pes", "ful": "fuv", "grn": "gug", "hbs": "srp",
    "iku": "ike", "ipk": "esi", "kau": "knc", "kom": "kpv", "kur": "kmr", "lah": "pnb",
    "lav": "lvs", "mlg": "plt", "mon": "khk", "msa": "zsm", "nep": "npi", "nor": "nob",
    "ori": "ory", "orm": "gaz", "pus": "pbt", "que": "quy", "sqi": "als", "swa": "swh",
    "syr": "aii", "tmh": "taq", "uzb": "uzn", "yid": "ydd", "zho": "cmn",
}  # fmt: skip

# Codes of shared tasks that mean something else, or nothing, in ISO 639 and BCP 47: the dialects of
# xSID (`de-st` is not the German of Sao Tome), `kr` and `ma` of AfriSenti (Kinyarwanda, Moroccan Arabic).
_SHARED_TASKS: Mapping[str, str] = {"de-st": "bar", "de-ba": "bar", "kr": "kin", "ma": "ary"}

# CLDR writes Korean as Kore (Hangul with Han), data sets write Hang: both become one tag.
_SCRIPT_ALIASES: Mapping[tuple[str, str], str] = {("kor", "Kore"): "Hang"}
_SCRIPTS: Mapping[str, str] = {"kor": "Hang", "bar": "Latn"}

# Locales under a code that neither ISO 639-1 nor the macrolanguage leads to.
_LOCALES: Mapping[str, str] = {"tgl": "fil", "twi": "ak"}
_NAMES: Mapping[str, str] = {"tgl": "Tagalog"}

UNKNOWN = "und"  # text whose language is not known
_NO_LANGUAGE = frozenset({UNKNOWN, "mul", "mis", "zxx"})
_NAME = re.compile(r"[^\W\d_][\w' -]*")  # the lookup by name fails on control characters
_TAG = re.compile(r"([a-z]{2,3})(?:[_-]([a-z]{4}))?", re.IGNORECASE | re.ASCII)


@lru_cache(maxsize=4096)
def parse(tag: str) -> str:
    """Return the canonical form of a tag: `sw`, `swa` and `swh_Latn` give `swh`; `sr-Latn`, `srp_Latn`.

    Raises InputError, which lists similar tags, when no language has this tag.
    """
    text = tag.strip()
    shared = _SHARED_TASKS.get(text.lower().replace("_", "-"))
    if shared:
        return shared
    match = _TAG.fullmatch(text)
    code = _alpha3(match[1].lower()) if match else None
    if match is None or code is None:
        raise _unknown(tag)
    language, _, implied = code.partition("_")
    language = _INDIVIDUAL.get(language, language)
    own = (match[2] or implied).title()
    own = _SCRIPT_ALIASES.get((language, own), own)
    if own and own not in _all_scripts():
        raise InputError(
            f"{own!r} in {tag!r} is not the code of a script",
            where="language",
            choices=difflib.get_close_matches(own, sorted(_all_scripts()), n=3),
            hint="write an ISO 15924 code, for example Latn, Cyrl or Arab",
        )
    return language if not own or own == likely_script(language) else f"{language}_{own}"


def name(tag: str) -> str:
    """Return the English name of a language, such as `Swahili` or `Serbian (Latin)`."""
    language, _, own = parse(tag).partition("_")
    text = _NAMES.get(language) or Language.get(language, normalize=False).language_name("en")
    if text.startswith("Unknown language"):  # `langcodes` knows this language only by its two-letter code
        text = Language.get(language).language_name("en")
    text = text.removesuffix(" (individual language)")
    return f"{text} ({Language.make(script=own).script_name('en')})" if own else text


def script(tag: str) -> str:
    """Return the ISO 15924 script of a tag: the one in the tag, else the language's likely script."""
    language, _, own = parse(tag).partition("_")
    return own or likely_script(language)


@lru_cache(maxsize=4096)
def likely_script(language: str) -> str:
    """Return the script that an ISO 639-3 language is mostly written in (CLDR, likely subtags).

    A language that CLDR does not list gets the script of its macrolanguage, or Latn if that is unknown.
    """
    if language in _SCRIPTS:
        return _SCRIPTS[language]
    for code in (_alpha2().get(language, language), MACROLANGUAGES.get(language)):
        if code in LIKELY_SUBTAGS:
            return LIKELY_SUBTAGS[code].split("-")[1]
    return "Latn"


def cldr_locale(tag: str) -> str | None:
    """Return the `babel` locale of a tag (`sw` for swh, `sr_Latn` for srp_Latn), or None when there is none.

    Raises InputError when `babel` is not installed.
    """
    try:
        from babel import localedata
    except ImportError as error:
        hint = "pip install 'xling[embedded]'"
        raise InputError("the locales of CLDR need the package babel", where="cldr", hint=hint) from error
    language, _, own = parse(tag).partition("_")
    for code in _locale_codes(language):
        for locale in [f"{code}_{own}"] if own else [code, f"{code}_{likely_script(language)}"]:
            if localedata.exists(locale):
                return locale
    return None


def _locale_codes(language: str) -> Iterator[str]:
    """Yield the codes that CLDR may use for a language: a special code, two letters, the macrolanguage.

    The macrolanguage counts only where data sets mean this language by it: not `ar` for Moroccan Arabic.
    """
    if language in _LOCALES:
        yield _LOCALES[language]
    yield _alpha2().get(language, language)
    macro = MACROLANGUAGES.get(language)
    if macro and parse(macro) == language:
        yield macro


@lru_cache(maxsize=1)
def _alpha2() -> Mapping[str, str]:
    return {three: two for two, three in LANGUAGE_ALPHA3.items() if two not in LANGUAGE_REPLACEMENTS}


def _alpha3(code: str) -> str | None:
    """Convert a code of two or three letters to ISO 639-3; an old code that implies a script adds `_Latn`."""
    if code in _NO_LANGUAGE:
        return None
    if len(code) == 3 and Language.get(code, normalize=False).is_valid():
        return code
    # withdrawn codes (`iw`, `sh`) and those of ISO 639-2/B (`ger`)
    modern, _, implied = LANGUAGE_REPLACEMENTS.get(code, "").partition("-")
    found = LANGUAGE_ALPHA3.get(modern) or LANGUAGE_ALPHA3.get(code)
    return f"{found}_{implied}" if found and implied else found


@lru_cache(maxsize=1)
def _all_scripts() -> frozenset[str]:
    return frozenset(code for code in ALL_SCRIPTS if not code.startswith("Z"))  # Zyyy: common, Zzzz: unknown


def _unknown(tag: str) -> InputError:
    return InputError(
        f"no language has the tag {tag!r}",
        where="language",
        choices=_near(tag),
        hint="write ISO 639-3, with a script when it is not the usual one, for example swh or srp_Latn",
    )


def _near(tag: str) -> list[str]:
    """List canonical tags close to a wrong one: by name, without the suffix, or by similar letters."""
    found: list[str] = []
    if _NAME.fullmatch(tag.strip()):
        with suppress(LookupError, ValueError, InputError):
            found.append(parse(find(tag.strip()).language or ""))
    known = {_alpha3(code) for code in LIKELY_SUBTAGS if 2 <= len(code) <= 3} - {None}
    letters, *rest = re.split(r"[_-]", tag.strip().lower())
    if rest and _TAG.fullmatch(letters) and _alpha3(letters):
        return list(dict.fromkeys([*found, parse(letters)]))
    found += [parse(code) for code in difflib.get_close_matches(letters, sorted(map(str, known)), n=3)]
    return list(dict.fromkeys(found))
