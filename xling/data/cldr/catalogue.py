"""The names of all locales with their splits, computed once per CLDR version and cached."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, model_validator

from xling.data.cldr.harvest import Names, harvest
from xling.data.cldr.splits import SPLITS, Split, split_keys
from xling.errors import InputError, XlingError
from xling.files import cache_dir, read_regular, write_atomically
from xling.languages import cldr_locale, parse

_LAYOUT = 3  # version of the cached file; change it when its layout or the harvest changes
_ENOUGH_NAMES = 100


def names(language: str, split: str) -> Names:
    """Return the names of a language in a split, by `TYPE/KEY` in key order.

    Raises InputError for a language with fewer than 100 names in CLDR, or an unknown split.
    """
    if split not in SPLITS:
        raise InputError(f"no split {split!r}", where="cldr", choices=SPLITS)
    return dict(_by_split(locale_of(language))[split])


def languages() -> list[str]:
    """Return the canonical tags of the languages with at least 100 names (dates not counted), sorted."""
    return sorted(_served())


def locale_of(language: str) -> str:
    """Return the locale with the names of a language. Raises InputError when CLDR has too few."""
    tag = parse(language)
    locale = _served().get(tag) or cldr_locale(tag)
    if locale not in _served().values():
        raise InputError(
            f"CLDR has too few names in {tag}",
            where="cldr",
            choices=difflib.get_close_matches(tag, languages(), n=5) or languages()[:12],
            hint="use another data card for this language",
        )
    return str(locale)


@lru_cache(maxsize=1)
def _served() -> Mapping[str, str]:
    """Return the locale of each canonical tag.

    Where several locales have one tag (`no` and `nb`), it is the one with most names.
    """
    found: dict[str, tuple[int, str]] = {}
    for locale, own in _all()[0].items():
        size = sum(not key.startswith("DATE/") for key in own)
        if size < _ENOUGH_NAMES:
            continue
        try:
            tag = parse(locale)
        except InputError:
            continue
        found[tag] = max(found.get(tag, (0, "")), (size, locale))
    return {tag: locale for tag, (_, locale) in found.items()}


@lru_cache(maxsize=32)
def _by_split(locale: str) -> Mapping[Split, Names]:
    own, splits = _all()[0][locale], _all()[1]
    return {split: {key: own[key] for key in sorted(own) if splits[key] == split} for split in SPLITS}


class Kept(BaseModel):
    """The content of the file in the cache: the names of each locale, and the split of each key."""

    names: dict[str, Names]
    splits: dict[str, Split]

    @model_validator(mode="after")
    def _all_split(self) -> Kept:
        if not all(own.keys() <= self.splits.keys() for own in self.names.values()):
            raise ValueError("a name has no split")
        return self


@lru_cache(maxsize=1)
def _all() -> tuple[dict[str, Names], dict[str, Split]]:
    """Return (names by locale, split by key). An unreadable or unwritable cache is ignored."""
    try:
        import babel
    except ImportError as error:
        hint = "pip install 'xling[embedded]'"
        raise InputError("the CLDR source needs the package babel", where="cldr", hint=hint) from error
    path = cache_dir("cldr", f"names-{_LAYOUT}-babel-{babel.__version__}.json")
    if (kept := kept_names(path)) is not None:
        return kept.names, kept.splits
    found = harvest()
    splits = split_keys(found)
    try:
        whole = json.dumps({"names": found, "splits": splits}, ensure_ascii=False)
        write_atomically(path, whole.encode("utf-8"))
    except XlingError:
        pass
    return found, splits


def kept_names(path: Path) -> Kept | None:
    """Return the names in a file of the cache, or None when there is none that can be read."""
    try:
        return Kept.model_validate_json(read_regular(path))
    except (OSError, ValueError):
        return None
