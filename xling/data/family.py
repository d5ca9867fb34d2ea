"""Text of several related languages for one module: how much of each it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xling.data.examples import sample
from xling.data.text import deduplicate, hold_out
from xling.errors import InputError

ALPHA = 0.3


def balanced(texts: Mapping[str, Sequence[str]], alpha: float = ALPHA, *, seed: int = 0) -> list[str]:
    """As many lines as there are in all, those of a language in proportion to its count to the power alpha.

    alpha: 1 takes every line once; towards 0 small languages are repeated until all weigh alike (Conneau and
    Lample 2019, section 3.1; Downey et al. 2024 adapt a family so). Raises InputError for a language without
    a line.
    """
    for language, lines in texts.items():
        if not lines:
            raise InputError(f"no line of {language}", where="--text", hint="give text, or leave it out")
    weights = {language: len(lines) ** alpha for language, lines in texts.items()}
    total = sum(map(len, texts.values()))
    found: list[str] = []
    for language, lines in texts.items():
        count = max(1, round(total * weights[language] / sum(weights.values())))
        whole, rest = divmod(count, len(lines))
        found += list(lines) * whole + (sample(lines, rest, seed) if rest else [])
    return found


def held_apart(
    texts: Mapping[str, Sequence[str]], count: int, seed: int
) -> tuple[dict[str, list[str]], list[str]]:
    """The lines of each language without repeats, and a slice of them all held out."""
    share = max(1, count // len(texts))
    parts = {language: hold_out(deduplicate(lines), share, seed) for language, lines in texts.items()}
    return {language: rest for language, (rest, _) in parts.items()}, [
        line for _, held in parts.values() for line in held
    ]
