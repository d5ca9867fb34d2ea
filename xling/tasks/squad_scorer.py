"""Exact match and F1 of answers as the evaluation script of SQuAD 1.1 has them (Rajpurkar et al. 2016).

The published figures of XQuAD are these, in every language: English articles are dropped from Romanian
answers too, and tokens are what white space leaves, so that an answer in Chinese or Thai is one token. MLQA's
script, which knows the articles and punctuation of its languages, gives other figures.

Of libraries, torchmetrics calls two answers that are nothing but articles or signs alike in F1, where the
script gives none.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_SIGNS = str.maketrans("", "", string.punctuation)


def normalised(text: str) -> str:
    """Small letters without ASCII punctuation and English articles, single blanks between tokens."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_SIGNS)).split())


def squad_f1(found: str, answers: Sequence[str]) -> float:
    """The best F1 of tokens over the right answers, between 0 and 1; without answers 0."""
    return max((_f1(normalised(found).split(), normalised(own).split()) for own in answers), default=0.0)


def squad_exact(found: str, answers: Sequence[str]) -> float:
    """1 where some right answer is the same but for normalisation, else 0."""
    return float(normalised(found) in map(normalised, answers))


def _f1(found: Sequence[str], gold: Sequence[str]) -> float:
    shared = sum((Counter(found) & Counter(gold)).values())
    return 2 * shared / (len(found) + len(gold)) if shared else 0.0
