"""What a base's normaliser removes from a text or changes in it before the text is split.

Differences between canonical equivalents (NFC and NFD of one text) and between upper and lower case are
ignored. Other changes are harmful or harmless, depending on what a reader loses:

- A letter or mark that is removed is harmful, except variation selectors and the grapheme joiner, which have
  no sound.
- A letter that becomes another one is harmful if the text contains that one too, because different words may
  become equal.
- A compatibility form (ligature, full width, Arabic presentation form) that becomes its plain letters is
  harmless. However, a raised letter (ʷ, ʰ; not ª, º) is a separate letter, to which the rule before applies.
- U+200D and U+200C between letters of scripts that join or stack are harmful when they are removed or become
  a space, because they are spelling in Persian, Sinhala or Malayalam. Elsewhere, as in Latin or among emoji,
  this is harmless.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from xling.vocabulary.letters import is_letter, script

JOINERS = frozenset("\u200c\u200d\u180e")
_SILENT = frozenset({"\u034f", *map(chr, range(0xFE00, 0xFE10)), *map(chr, range(0xE0100, 0xE01F0))})
JOINED = frozenset(
    "Adlm Arab Bali Batk Beng Cakm Cham Deva Gran Gujr Guru Java Khmr Knda Lana Lepc Limb Mand Mlym Mong "
    "Mtei Mymr Newa Nkoo Orya Phag Rohg Saur Sinh Sund Sylo Syrc Takr Taml Telu Tibt Tirh".split()
)
_RAISED = ("<super>", "<sub>")
_EDGES = " ▁"

Normalise = Callable[[str], str]


@dataclass(frozen=True)
class Loss:
    """A character, what the normaliser turns it into (none, one or several characters), and how often."""

    character: str
    becomes: str
    count: int


@dataclass(frozen=True)
class Losses:
    """The changes by a normaliser, harmful and harmless, each with the most frequent first."""

    harmful: tuple[Loss, ...]
    harmless: tuple[Loss, ...]


def losses(tokenizer: Any, lines: Sequence[str]) -> Losses:
    """Return the letters, marks and joiners of some lines that a tokenizer's normaliser changes."""
    normaliser = tokenizer.backend_tokenizer.normalizer
    if normaliser is None:
        return Losses((), ())
    normalise: Normalise = normaliser.normalize_str
    words = Counter(word for line in lines for word in line.split())
    own = {letter for word in words for letter in _plain(word)}
    harmful: Counter[tuple[str, str]] = Counter()
    harmless: Counter[tuple[str, str]] = Counter()
    for (cluster, before, after), often in _clusters(words).items():
        if cluster in JOINERS:
            for becomes in _joiner_lost(cluster, before, after, normalise):
                (harmful if _joins(before, after) else harmless)[cluster, becomes] += often
            continue
        for letter, becomes in _changed(cluster, normalise):
            (harmful if _harms(letter, becomes, own) else harmless)[letter, becomes] += often
    return Losses(_sorted(harmful), _sorted(harmless))


def _clusters(words: Counter[str]) -> Counter[tuple[str, str, str]]:
    """Count letters with their marks, and joiners with their neighbouring clusters, in words."""
    found: Counter[tuple[str, str, str]] = Counter()
    for word, often in words.items():
        parts = list(_parts(word))
        for before, part, after in zip(["", *parts], parts, [*parts[1:], ""], strict=False):
            if part in JOINERS:
                found[part, before, after] += often
            elif is_letter(part[0]):
                found[part, "", ""] += often
    return found


def _parts(word: str) -> Iterator[str]:
    part = ""
    for character in word:
        if part and part not in JOINERS and unicodedata.category(character)[0] == "M":
            part += character
            continue
        if part:
            yield part
        part = character
    if part:
        yield part


def _joiner_lost(joiner: str, before: str, after: str, normalise: Normalise) -> Iterator[str]:
    """Yield what a joiner becomes if it is not kept: a space or nothing."""
    result = normalise(before + joiner + after).replace("▁", " ").strip()
    if joiner not in result:
        yield " " if " " in result else ""


def _joins(before: str, after: str) -> bool:
    return any(script(character) in JOINED for character in before + after)


def _changed(cluster: str, normalise: Normalise) -> Iterator[tuple[str, str]]:
    """Yield each character of a cluster that the normaliser does not keep, with what it becomes alone."""
    result = unicodedata.normalize("NFD", normalise(cluster).strip(_EDGES))
    if result == unicodedata.normalize("NFD", cluster):
        return
    left = Counter(result)
    for character in cluster:
        parts = Counter(unicodedata.normalize("NFD", character))
        if parts <= left:
            left -= parts
            continue
        alone = normalise(character).strip(_EDGES)
        becomes = "" if alone == character else unicodedata.normalize("NFC", alone)
        if _plain(becomes) != _plain(character):
            yield character, becomes


def _harms(letter: str, becomes: str, own: set[str]) -> bool:
    before, after = _plain(letter), _plain(becomes)
    if letter in _SILENT:
        return False
    plain = _plain(unicodedata.normalize("NFKC", letter))
    if after == plain:
        raised = unicodedata.decomposition(letter).startswith(_RAISED)
        return raised and unicodedata.category(letter) == "Lm" and any(part in own for part in after)
    if _marks(before) - _marks(after):
        return True
    letters = [part for part in after if is_letter(part)]
    return not letters or any(part in own for part in letters)


def _plain(text: str) -> str:
    """Return a text composed (NFC) and in lower case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def _marks(text: str) -> Counter[str]:
    parts = unicodedata.normalize("NFD", text)
    return Counter(part for part in parts if unicodedata.category(part)[0] == "M")


def _sorted(found: Counter[tuple[str, str]]) -> tuple[Loss, ...]:
    order = sorted(found, key=lambda pair: (-found[pair], pair))
    return tuple(Loss(character, becomes, found[character, becomes]) for character, becomes in order)
