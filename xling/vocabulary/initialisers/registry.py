"""All initialisers by name. A new one is a function of a request and its entry in this list."""

from __future__ import annotations

from collections.abc import Callable

from xling.registry import Registry
from xling.vocabulary.initialisers.bilingual import bilingual
from xling.vocabulary.initialisers.shared import factorised, overlap, similarity
from xling.vocabulary.initialisers.start import Request, Start, moments
from xling.vocabulary.initialisers.subwords import romanised, subwords
from xling.vocabulary.initialisers.translated import translated

INITIALISERS: Registry[Callable[[Request], Start]] = Registry(
    "initialiser",
    (
        (start.__name__, start)
        for start in (
            moments,
            subwords,
            overlap,
            factorised,
            similarity,
            bilingual,
            translated,
            romanised,
        )  # fmt: skip
    ),
)
