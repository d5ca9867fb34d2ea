"""Rank the modules of a store by how like a text is to theirs: the job of `xling module find`.

A language module keeps a profile of its own text, so nothing else is needed to rank it. Other modules keep
nothing of their text: give it, and the base's sentence vectors compare the two (as Chronopoulou et al. 2023
choose modules for their soup).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling.bases.base import load_base
from xling.composition.identifying import Candidate, by_profiles
from xling.data.text import deduplicate, read_text
from xling.errors import InputError
from xling.evaluation.source_components import centroid_cosine, drawn_vectors
from xling.jobs.tracing import check_holds_modules
from xling.jobs.weigh import named_file
from xling.modules.profile import Profile, ngrams, words_in
from xling.store.store import Store


@dataclass(frozen=True, kw_only=True)
class FindOrder:
    """What to find modules for.

    input: a file or folder of text. texts: for some modules, NAME=FILE with text like that which they were
    made of. base: the base whose sentence vectors compare these; needed where there are any.
    """

    input: Path
    store: Path
    texts: Sequence[str] = ()
    base: str | None = None
    seed: int = 0
    device: str = "cpu"


def find_modules(order: FindOrder) -> list[dict[str, Any]]:
    """Return a row for each module that can be ranked, the likest first.

    By cosine to the mean vector of its text where texts are given, else by profile. `cosine` is that cosine.
    `profile` is the mean log-probability of the input's n-grams, in nats. `lines` is the share of the
    input's lines, in percent, that `route(auto: ...)` over these modules would send to it.

    Raises InputError for an input without letters, for a text without a base or a base without a text, and
    when no module keeps a profile and none is given text.
    """
    store, lines = Store(order.store), deduplicate(read_text([order.input]))
    check_holds_modules(store)
    counts = ngrams(Counter(word for line in lines for word in words_in(line)))
    if not counts:
        raise InputError("this text has no letters", where=order.input, hint="give some sentences")
    cosines = _cosines(order, lines, store)
    profiles = {name: own.facts.profile for name, own in store if own.facts.profile}
    if not profiles and not cosines:
        raise InputError(
            "no module keeps a profile of its text",
            where=order.store,
            hint="make profiles (xling module profile NAME --text FILE), or give texts: --text NAME=FILE",
        )
    known = [Candidate(language=name, name=name, profile=own) for name, own in profiles.items()]
    sent = Counter(map(by_profiles(known), lines)) if known else Counter()
    rows = [
        {
            "module": name,
            "cosine": cosines.get(name),
            "profile": Profile.parse(profiles[name]).score(counts) if name in profiles else None,
            "lines": 100 * sent[name] / len(lines) if name in profiles else None,
        }
        for name in sorted({*cosines, *profiles})
    ]
    rows.sort(key=lambda row: [-_known(row[column]) for column in ("cosine", "profile")])
    kept = [column for column in rows[0] if any(row[column] is not None for row in rows)]
    return [{column: _rounded(row[column]) for column in kept} for row in rows]


def _cosines(order: FindOrder, lines: Sequence[str], store: Store) -> Mapping[str, float]:
    """Return the cosine of the input's mean vector to that of each text that is given, by module."""
    texts = {name: deduplicate(read_text([path])) for name, path in map(named_file, order.texts)}
    for name in texts:
        store.folder(name)
    if bool(texts) != (order.base is not None):
        missing = "--base" if texts else "--text"
        raise InputError(
            "texts are compared by the sentence vectors of a base: give both, or neither to go by profiles",
            where=missing,
            hint="write --base BASE --text lang/a=FILE",
        )
    if order.base is None:
        return {}
    base = load_base(order.base, device=order.device)
    target = drawn_vectors(base, lines, seed=order.seed)
    own = {name: drawn_vectors(base, text, seed=order.seed) for name, text in texts.items()}
    return {name: centroid_cosine(target, vectors) for name, vectors in own.items()}


def _known(value: float | None) -> float:
    return float("-inf") if value is None else value


def _rounded(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value
