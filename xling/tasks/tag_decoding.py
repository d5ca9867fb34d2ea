"""The likeliest BIO tags of a sentence as a whole, by the algorithm of Viterbi (1967).

A word's own best tag may be `I-PER` after `B-LOC`; repaired word by word, that is two spans where the scores
speak for one. Here the tags of a sentence are chosen together.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from xling.data.bio import OUTSIDE

# In nats: two spans of one type seldom touch (below 1% of the spans in CoNLL-2003, MasakhaNER 2 and Universal
# NER), and a model that splits a name has to be surer than by a hair.
_TOUCHING = 1.0
_NEVER = -np.inf


def best_tags(scores: np.ndarray, labels: Sequence[str]) -> list[str]:
    """Return the valid BIO tags of a sentence whose scores have the largest sum.

    scores: the logits or log-probabilities of the labels at each word, [words, labels]. labels: BIO tags.

    A tag `I-X` only follows `B-X` or `I-X`; `B-X` right after one of these costs one nat.
    """
    if not len(scores):
        return []
    names = tuple(map(str, labels))
    opening, steps = _costs(names)
    best = scores.argmax(1)
    if not opening[best[0]] and not steps[best[:-1], best[1:]].any():
        return [names[tag] for tag in best.tolist()]
    total, before = opening + scores[0], np.zeros(scores.shape, dtype=int)
    for word in range(1, len(scores)):
        reached = total[:, None] + steps
        before[word] = reached.argmax(0)
        total = reached.max(0) + scores[word]
    path = [int(total.argmax())]
    for word in range(len(scores) - 1, 0, -1):
        path.append(int(before[word, path[-1]]))
    return [names[tag] for tag in reversed(path)]


@cache
def _costs(labels: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return what is added for each tag, 0 or less: for the first, [labels], and (column) right after another
    one (row), [labels, labels].
    """
    after = [[_step(before, tag) for tag in labels] for before in (OUTSIDE, *labels)]
    return np.array(after[0]), np.array(after[1:])


def _step(before: str, tag: str) -> float:
    same = before != OUTSIDE and before[2:] == tag[2:]
    if tag.startswith("I-"):
        return 0.0 if same else _NEVER
    return -_TOUCHING if same else 0.0
