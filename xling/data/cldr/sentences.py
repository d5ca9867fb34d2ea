"""Names as data: sentences of lists with gold spans, lines for MLM, and names with their English names."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping

from xling.data.cldr.catalogue import locale_of, names
from xling.data.cldr.lists import join_text, join_tokens, list_patterns
from xling.data.examples import LabelledText, TaggedSentence
from xling.languages import parse

_MOST_ITEMS = 4
_LINE_ITEMS = (4, 10)
_PASSES = 8
_PATIENCE = 200  # stop after this many draws in a row that give nothing new


def sentences(language: str, split: str, *, count: int = 1000, seed: int = 0) -> list[TaggedSentence]:
    """Return `count` distinct sentences of 1 to 4 names, all types equally likely, or all there are.

    Tags are BIO with the types TERRITORY, LANGUAGE, SCRIPT, CURRENCY and DATE. Raises InputError for a
    language with fewer than 100 names in CLDR.
    """
    locale, tag = locale_of(language), parse(language)
    by_kind = _by_kind(names(tag, split))
    patterns = list_patterns(locale)
    draw = random.Random(f"{locale} {split} {seed}")
    found: dict[tuple[str, ...], TaggedSentence] = {}
    in_vain = 0
    while len(found) < count and in_vain < _PATIENCE and by_kind:
        items = dict.fromkeys(_item(by_kind, draw) for _ in range(draw.randint(1, _MOST_ITEMS)))
        tokens, tags = zip(*join_tokens(list(items), patterns), strict=True)
        in_vain = in_vain + 1 if tokens in found else 0
        found.setdefault(tokens, TaggedSentence(tokens, tags, f"{locale}-{split}-{len(found)}", tag))
    return list(found.values())


def text(language: str, split: str = "train", *, count: int | None = None, seed: int = 0) -> list[str]:
    """Return `count` lines of 4 to 10 names from this split only, or all lines if `count` is None.

    The names are used at most 8 times, each time in a new order. Raises InputError as `sentences` does.
    """
    locale = locale_of(language)
    own = sorted(names(language, split).values())
    patterns = list_patterns(locale)
    draw = random.Random(f"{locale} {split} text {seed}")
    lines: list[str] = []
    for _ in range(_PASSES):
        draw.shuffle(own)
        start = 0
        while start < len(own):
            size = draw.randint(*_LINE_ITEMS)
            lines.append(join_text(own[start : start + size], patterns))
            start += size
        if count is not None and len(lines) >= count:
            break
    return lines[:count]


def translations(language: str, split: str) -> list[LabelledText]:
    """Return the names of a language in a split with the English names of the same keys, in key order.

    Raises InputError as `sentences` does.
    """
    tag, english = parse(language), names("eng", split)
    found = ((key, name, english.get(key)) for key, name in names(language, split).items())
    return [LabelledText(name, None, key, tag, pair=pair) for key, name, pair in found if pair is not None]


def _item(by_kind: Mapping[str, list[str]], draw: random.Random) -> tuple[str, str]:
    kind = draw.choice(sorted(by_kind))
    return kind, draw.choice(by_kind[kind])


def _by_kind(own: Mapping[str, str]) -> dict[str, list[str]]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for key, value in own.items():
        by_kind[key.partition("/")[0]].append(value)
    return dict(by_kind)
