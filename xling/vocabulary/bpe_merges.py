"""More merges for a BPE that is there already: the pairs that a text has most after the old merges."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from tokenizers import Tokenizer

_FEWEST = 2
Pair = tuple[str, str]


def continue_merges(inner: Tokenizer, lines: Sequence[str], count: int) -> list[Pair]:
    """At most `count` merges in the order learned (Sennrich et al. 2016); pairs seen once are left out."""
    counts = Counter(word for line in lines for word in _words(inner, line))
    words = [[token.value for token in inner.model.tokenize(word)] for word in counts]
    often = list(counts.values())
    total: Counter[Pair] = Counter()
    where: defaultdict[Pair, set[int]] = defaultdict(set)
    for number, pieces in enumerate(words):
        for pair in _pairs(pieces):
            total[pair] += often[number]
            where[pair].add(number)
    merges: list[Pair] = []
    while len(merges) < count and total:
        best = max(total, key=lambda pair: (total[pair], pair))
        if total[best] < _FEWEST:
            break
        merges.append(best)
        for number in sorted(where.pop(best)):
            for pair in _pairs(words[number]):
                total[pair] -= often[number]
            words[number] = _merged(words[number], best)
            for pair in _pairs(words[number]):
                total[pair] += often[number]
                where[pair].add(number)
        del total[best]
    return merges


def _words(inner: Tokenizer, line: str) -> Iterator[str]:
    text = line if inner.normalizer is None else inner.normalizer.normalize_str(line)
    if inner.pre_tokenizer is None:
        return iter([text])
    return (word for word, _ in inner.pre_tokenizer.pre_tokenize_str(text))


def _pairs(pieces: Sequence[str]) -> Iterator[Pair]:
    return zip(pieces, pieces[1:], strict=False)


def _merged(pieces: Sequence[str], pair: Pair) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(pieces):
        if tuple(pieces[at : at + 2]) == pair:
            found.append(pieces[at] + pieces[at + 1])
            at += 2
        else:
            found.append(pieces[at])
            at += 1
    return found
