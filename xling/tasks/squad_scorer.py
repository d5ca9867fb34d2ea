"""Exact match and F1 of answers as in the evaluation script of SQuAD 1.1 (Rajpurkar et al. 2016).

Published XQuAD scores are computed in this way for every language: English articles are dropped from Romanian
answers too, and tokens are separated by white space, so that an answer in Chinese or Thai is one token.
MLQA's script, which knows the articles and punctuation of its languages, gives other scores.

The library torchmetrics differs: for two answers that consist only of articles or punctuation, its F1 is 1
and the script's is 0.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_SIGNS = str.maketrans("", "", string.punctuation)


def normalised(text: str) -> str:
    """Return a text in lower case, without ASCII punctuation, English articles and needless blanks."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_SIGNS)).split())


def squad_f1(found: str, answers: Sequence[str]) -> float:
    """The highest token F1 of a prediction over all gold answers, from 0 to 1; 0 without gold answers."""
    return max((_f1(normalised(found).split(), normalised(own).split()) for own in answers), default=0.0)


def squad_exact(found: str, answers: Sequence[str]) -> float:
    """1 when a prediction equals some gold answer after normalisation, else 0."""
    return float(normalised(found) in map(normalised, answers))


def _f1(found: Sequence[str], gold: Sequence[str]) -> float:
    shared = sum((Counter(found) & Counter(gold)).values())
    return 2 * shared / (len(found) + len(gold)) if shared else 0.0
