"""Profiles of languages: the character n-grams of a text, by which other text of a language is recognised.

A naive Bayes model of n-grams within words, 1 to 4 characters long (after Cavnar and Trenkle 1994, who rank
them instead). A profile is made from a language's own text, so that languages which no library knows are
found. A module keeps it as a text among its facts.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from operator import itemgetter

import numpy as np
import regex

from xling.spelling import listed

LONGEST = 4  # characters of an n-gram
_KEPT = 4000  # n-grams of a profile, the most frequent ones
_MOST_READ = 1 << 20  # characters; more text changes the frequent n-grams little
_UNSEEN = -12.0  # the log-probability of every other n-gram, in all profiles
_EDGE = "_"  # stands at both ends of a word
_STEP = 0.1  # to which log-probabilities are rounded, in nats
_SPREADS = 3.0  # standard deviations that a text may lie below other text of its language
_AHEAD = 0.4  # nats; what being ahead of all other languages makes up for at most
_CHANGE = 8.0  # nats; what a change of the language costs within a sentence
_WORDS = regex.compile(r"[\p{L}\p{M}]+")
_HEAD = re.compile(r"ngrams (-?\d+\.\d+) (\d+\.\d+)")
_LINE = re.compile(r"(\d+): (\S+(?: \S+)*)")


@dataclass(frozen=True)
class Profile:
    """What a language's text looks like.

    Attributes:
        logs: The log-probability of each n-gram among those of its length, in nats.
        level: The mean log-probability of an n-gram of other text of the language.
        spread: The standard deviation of the mean over a text, times the square root of its n-grams.
    """

    logs: Mapping[str, float]
    level: float
    spread: float

    @classmethod
    def of(cls, lines: Sequence[str]) -> Profile | None:
        """Return the profile of a text, or None where it has no letters.

        The level and the spread are those of every tenth line, which the probabilities are not made from.
        Of a text of more than a million characters, lines at equal distances are read.
        """
        some = lines[:: 1 + sum(map(len, lines)) // _MOST_READ]
        words = [found for line in some if (found := words_in(line))]
        if not words:
            return None
        rest = [own for number, own in enumerate(words) if number % 10]
        logs = _logs(ngrams(Counter(chain(*(rest or words)))))
        held = [ngrams(Counter(own)) for own in words[::10]]
        alone = cls(logs, 0.0, 0.0)
        sizes = [own.total() for own in held]
        means = [alone.score(own) for own in held]
        level = sum(map(math.prod, zip(sizes, means, strict=True))) / sum(sizes)
        away = [size * (mean - level) ** 2 for size, mean in zip(sizes, means, strict=True)]
        return cls(logs, level, math.sqrt(sum(away) / len(away)))

    def score(self, counts: Counter[str]) -> float:
        """Return the mean log-probability of a text's n-grams. counts: from `ngrams`, not empty."""
        total = sum(count * self.logs.get(own, _UNSEEN) for own, count in counts.items())
        return total / counts.total()

    def lacks(self, score: float, ngrams: int) -> float:
        """Return how far a score lies below what chance explains for a text of so many n-grams, in nats."""
        return self.level - score - _SPREADS * self.spread / math.sqrt(ngrams)

    def __str__(self) -> str:
        """The profile as text: a line with level and spread, then the n-grams of each log-probability."""
        together: dict[int, list[str]] = {}
        for own, log in self.logs.items():
            together.setdefault(round(-log / _STEP), []).append(own)
        rows = (f"{value}: {' '.join(sorted(own))}" for value, own in sorted(together.items()))
        return "\n".join((f"ngrams {self.level:.3f} {self.spread:.3f}", *rows))

    @classmethod
    def parse(cls, text: str) -> Profile:
        """Read the text of a profile. Raises ValueError when it is none."""
        first, *rest = text.split("\n")
        head, rows = _HEAD.fullmatch(first), [_LINE.fullmatch(row) for row in rest]
        if head is None or not rows or None in rows:
            raise ValueError("is no profile of n-grams")
        pairs = ((own, -int(row[1]) * _STEP) for row in rows if row for own in row[2].split(" "))
        return cls(dict(pairs), float(head[1]), float(head[2]))


@dataclass(frozen=True)
class Profiles:
    """Profiles of several languages, which tell the language of a text.

    Attributes:
        known: Pairs of a language and one of its profiles.
    """

    known: tuple[tuple[str, Profile], ...]

    def __call__(self, text: str) -> str | None:
        """Return the language whose profile makes a text likeliest.

        None where the text has no letters or is less likely than text of that language is. What it lacks may
        be made up for by how much likelier this language is than all others.
        """
        if not (counts := ngrams(Counter(words_in(text)))):
            return None
        scored = [(own.score(counts), language, own) for language, own in self.known]
        score, language, best = max(scored, key=itemgetter(0))
        others = [score - other for other, another, _ in scored if another != language]
        ahead = min(others, default=0.0)
        return language if best.lacks(score, counts.total()) <= min(ahead, _AHEAD) else None

    def runs(self, words: Sequence[str]) -> list[slice]:
        """Cut a sentence into runs of words, each likeliest in one language, whichever that is.

        The languages of all words are chosen together (Viterbi 1967): each n-gram speaks for a language with
        its log-probability, divided by the lengths that n-grams have, since they overlap; a change of the
        language costs `_CHANGE` nats. Words without letters stay with those before them. An empty sentence
        is one run.
        """
        says = np.array([[_said(word, own) for _, own in self.known] for word in words])
        if len(says) < 2:
            return [slice(0, len(words))]
        total, before = says[0], np.zeros(says.shape, dtype=int)
        for at, own in enumerate(says[1:], 1):
            best = int(total.argmax())
            before[at] = np.where(total > total[best] - _CHANGE, np.arange(len(total)), best)
            total = own + np.maximum(total, total[best] - _CHANGE)
        path = [int(total.argmax())]
        for row in before[:0:-1]:
            path.append(int(row[path[-1]]))
        path.reverse()
        starts = [0, *(at for at in range(1, len(path)) if path[at] != path[at - 1])]
        return [slice(*both) for both in pairwise((*starts, len(path)))]


def words_in(text: str) -> list[str]:
    """Return the words of a text, runs of letters and marks, in lower case."""
    return _WORDS.findall(listed(text))


def ngrams(words: Counter[str]) -> Counter[str]:
    """Return how often each n-gram stands in words. words: how often each of them occurs."""
    found: Counter[str] = Counter()
    for word, count in words.items():
        for own in _within(f"{_EDGE}{word}{_EDGE}"):
            found[own] += count
    return found


def _said(word: str, profile: Profile) -> float:
    """Return how likely a profile finds a word, in nats; 0 for a word without letters."""
    counts = ngrams(Counter(words_in(word)))
    return profile.score(counts) * counts.total() / LONGEST if counts else 0.0


def _within(word: str) -> Iterator[str]:
    """Yield the n-grams of a word with its edges; an edge alone is none."""
    last = len(word)
    for start in range(last):
        for end in range(start + 1, min(start + LONGEST, last) + 1):
            if end - start > 1 or 0 < start < last - 1:
                yield word[start:end]


def _logs(counts: Counter[str]) -> dict[str, float]:
    """Return the log-probability of each frequent n-gram among those of its length."""
    lengths: Counter[int] = Counter()
    for own, count in counts.items():
        lengths[len(own)] += count
    often = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_KEPT]
    return {own: round(math.log(count / lengths[len(own)]) / _STEP) * _STEP for own, count in often}
