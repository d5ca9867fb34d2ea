"""A lexicon: words of a language with their translations, which it puts in their place before the tokenizer.

Word-for-word translation as adaptation is from Wang, Ruder and Neubig (2022). Here the words of the input are
replaced, not those of the training text, so a lexicon belongs to no base.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Generator, Tensor, nn

from xling.errors import InputError
from xling.modules.kind import Kind, PartConfig
from xling.sites import EncoderShape
from xling.spelling import (
    SYLLABLE_SIGNS,
    capitalised_as,
    listed,
    longest_entry,
    reach_of,
    respelled,
    romanised,
    without_marks,
    word_spans,
)

FILE, HEADER = "lexicon.tsv", "word\ttranslation\tweight"
_MOST_KEPT = 1 << 17  # units whose gloss is kept


@dataclass(frozen=True, slots=True)
class Entry:
    """A word, its translation, and how much it counts among other entries for the same word."""

    word: str
    translation: str
    weight: float = 1.0


class LexiconConfig(PartConfig, frozen=True):
    """The settings of a lexicon.

    Attributes:
        entries: The number of words.
        source: The language of the translations.
        romanised: Whether a translated text is then put into Latin letters.
        spellings: Strings, and what is read in their place before words are looked up.
    """

    kind: Literal["lexicon"] = "lexicon"
    entries: Annotated[int, Field(ge=0)]
    source: str = "eng"
    romanised: bool = False
    spellings: dict[str, str] = {}


class Lexicon(nn.Module):
    """Words with their translations.

    Args:
        config: The settings.
        table: The entries as bytes of UTF-8, one `word TAB translation TAB weight` per line.
    """

    def __init__(self, config: LexiconConfig, table: Tensor) -> None:
        super().__init__()
        self.config = config
        self.table = nn.Buffer(table)
        self.entries = _entries(table)
        if len(self.entries) != config.entries:
            raise ValueError(f"{len(self.entries)} entries are not {config.entries}")
        self._said: dict[str, str] = {}

    @classmethod
    def of(cls, entries: Iterable[Entry], source: str, **settings: Any) -> Lexicon:
        """Make a lexicon of the `heaviest` entry of each word. settings: other fields of `LexiconConfig`."""
        best = heaviest(entries)
        text = "".join(f"{own.word}\t{own.translation}\t{own.weight:g}\n" for own in best)
        data = torch.from_numpy(np.frombuffer(text.encode("utf-8"), dtype=np.uint8).copy())
        return cls(LexiconConfig(entries=len(best), source=source, **settings), data)

    def rewritten(self, units: Sequence[str], language: str) -> Sequence[str]:
        """Return each unit with the words that are listed translated; everything else stays as it is."""
        return [self.gloss(unit) for unit in units]

    def gloss(self, unit: str) -> str:
        """Return one unit of a text with its words translated.

        The whole unit is looked up first, then its words, the longest entry at each place. A word that is
        not listed is looked up without its accents and tone marks.
        """
        if unit not in self._said:
            if len(self._said) >= _MOST_KEPT:
                self._said.clear()
            self._said[unit] = self._glossed(respelled(unit, self.config.spellings))
        return self._said[unit]

    def files(self) -> Mapping[str, bytes]:
        """Return the entries as a table that a person can open, mend and give back as a new lexicon."""
        return {FILE: f"{HEADER}\n".encode() + self.table.cpu().numpy().tobytes()}

    def translation(self, word: str) -> str | None:
        """Return the translation of a word with the word's capitals, or None if it is not listed.

        A word whose translation is itself is returned as it stands.
        """
        key = listed(word)
        if key not in self._by_word:
            key = without_marks(key)
            key = key if key in self._by_word else self._marked.get(key, "")
        found = self._by_word.get(key)
        if found is None or found.translation == found.word:
            return None if found is None else word
        return capitalised_as(word, found.translation)

    def knows(self, word: str, *, marks: bool = False) -> bool:
        """Return whether a word is listed. marks: whether it counts only with the same accents."""
        return listed(word) in self._by_word if marks else self.translation(word) is not None

    def _glossed(self, unit: str) -> str:
        whole = self.translation(unit)
        said = self._in_parts(unit) if whole is None else whole
        return romanised(said) or said if self.config.romanised else said

    def _in_parts(self, unit: str) -> str:
        spans = word_spans(unit)
        said, end, place, translated = "", 0, 0, False
        while place < len(spans):
            start = spans[place][0]
            count, found = longest_entry(unit, spans[place : place + self._reach], self.translation)
            place += count
            signs, end = unit[end:start], spans[place - 1][1]
            word, before = unit[start:end], translated
            translated = found not in (None, word)
            apart = place > count and (before or translated) and not signs.strip(SYLLABLE_SIGNS)
            said += (" " if apart else signs) + (word if found is None else found)
        rest = unit[end:]
        return said if translated and not rest.strip(SYLLABLE_SIGNS) else said + rest

    @cached_property
    def _by_word(self) -> dict[str, Entry]:
        return {listed(entry.word): entry for entry in self.entries}

    @cached_property
    def _marked(self) -> dict[str, str]:
        """The listed words that have marks, by their form without them; of several, the heaviest."""
        found: dict[str, str] = {}
        for key, _ in sorted(self._by_word.items(), key=lambda item: -item[1].weight):
            found.setdefault(without_marks(key), key)
        return found

    @cached_property
    def _reach(self) -> int:
        """The number of words in the longest entry."""
        return reach_of(self._by_word)


def heaviest(entries: Iterable[Entry]) -> list[Entry]:
    """Return one entry for each word: of several the heaviest, and of these the first."""
    best: dict[str, Entry] = {}
    for entry in entries:
        key = listed(entry.word)
        if key not in best or entry.weight > best[key].weight:
            best[key] = entry
    return list(best.values())


def _entries(table: Tensor) -> tuple[Entry, ...]:
    """Read the entries. Raises ValueError when a line is not a word, a translation and a weight."""
    found = []
    for line in table.cpu().numpy().tobytes().decode("utf-8").split("\n")[:-1]:
        word, translation, weight = line.split("\t")
        if not word or not translation or not math.isfinite(value := float(weight)):
            raise ValueError(f"{line!r} is no entry")
        found.append(Entry(word, translation, value))
    return tuple(found)


def _fresh(config: LexiconConfig, shape: EncoderShape, generator: Generator) -> Lexicon:
    raise InputError(
        "a lexicon is made from pairs or a dictionary, not trained",
        where="--kind",
        hint="make one with xling train language --kind lexicon --pairs FILE, or --lexicon FILE",
    )


def _restore(config: LexiconConfig, shape: EncoderShape, tensors: Mapping[str, Tensor]) -> Lexicon:
    if tensors.keys() != {"table"} or tensors["table"].dtype != torch.uint8:
        raise ValueError(f"has {', '.join(sorted(tensors))}, not a table of bytes")
    return Lexicon(config, tensors["table"])


KIND = Kind(
    name="lexicon",
    config=LexiconConfig,
    build=_fresh,
    identity=False,
    merges="none",
    presets={},
    restore=_restore,
)
