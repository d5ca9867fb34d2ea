"""Names as data: sentences of lists with gold spans, lines for MLM, and names with their English names."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

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
    tag = parse(language)
    return [LabelledText(own, None, key, tag, pair=other) for key, own, other in _translated(tag, split)]


def translated_lists(language: str, split: str, *, count: int = 1000, seed: int = 0) -> list[LabelledText]:
    """Return lists of 1 to 4 names with the English lists of the same names, all types equally likely.

    Each list is in the form of its locale, with blanks between the words of `sentences`. Raises InputError as
    `sentences` does.
    """
    tag, locale, english = parse(language), locale_of(language), locale_of("eng")
    pairs = {key: (own, other) for key, own, other in _translated(tag, split)}
    by_kind = _by_kind({key: key for key in pairs})
    draw = random.Random(f"{locale} {split} lists {seed}")
    found: dict[str, LabelledText] = {}
    for number in range(count if by_kind else 0):
        keys = dict.fromkeys(_item(by_kind, draw)[1] for _ in range(draw.randint(1, _MOST_ITEMS)))
        own, other = (
            _spaced([(key, pairs[key][side]) for key in keys], form)
            for side, form in enumerate((locale, english))
        )
        found.setdefault(own, LabelledText(own, None, f"{locale}-{split}-{number}", tag, pair=other))
    return list(found.values())


def _spaced(items: Sequence[tuple[str, str]], locale: str) -> str:
    """Return a list of (key, name) in the form of a locale, with blanks between its words."""
    return " ".join(word for word, _ in join_tokens(items, list_patterns(locale)))


def _translated(tag: str, split: str) -> Iterator[tuple[str, str, str]]:
    """Yield each key with its name in a language and in English, in key order, where there are both."""
    english = names("eng", split)
    for key, own in names(tag, split).items():
        if key in english:
            yield key, own, english[key]


def _item(by_kind: Mapping[str, list[str]], draw: random.Random) -> tuple[str, str]:
    kind = draw.choice(sorted(by_kind))
    return kind, draw.choice(by_kind[kind])


def _by_kind(own: Mapping[str, str]) -> dict[str, list[str]]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for key, value in own.items():
        by_kind[key.partition("/")[0]].append(value)
    return dict(by_kind)
