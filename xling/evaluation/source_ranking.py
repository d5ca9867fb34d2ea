"""Rank candidate sources for a target by the similarity of their texts and languages.

Each component ranks the candidates, and the mean rank decides. The components are of the kinds that Lin et
al. 2019 (LangRank) found informative; a mean rank needs no transfer scores to train on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy.stats import kendalltau, rankdata

from xling import typology
from xling.bases.base import Base
from xling.errors import InputError
from xling.evaluation.source_components import COMPONENTS, Compared, Component, Text, Values, compare

__all__ = ["COMPONENTS", "Component", "Disagreement", "Ranking", "Standing", "Text", "rank_sources"]

_DECIMALS = 9  # values that differ only by rounding share a rank
_LABELS: Mapping[str, str] = {component.key: component.label for component in COMPONENTS}

Ranks = Mapping[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A candidate in the ranking.

    place: from 1, equal for equal mean ranks. values: by component, None where unknown. ranks: by component,
    from 1 (most similar); an unknown value has the middle rank. reason: why it has this place, in words.
    """

    name: str
    language: str
    place: int
    mean_rank: float
    values: Mapping[str, float | None]
    ranks: Mapping[str, float]
    distance: typology.Distance
    reason: str


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """Two components that rank the candidates in opposite ways. tau: Kendall's tau, below 0."""

    first: str
    second: str
    tau: float
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """The candidates from best to worst.

    related: the nearest language by typology alone, None if all candidates are in the target language.
    characters: how many characters of each candidate were read for words, trigrams and pieces.
    """

    components: tuple[Component, ...]
    standings: tuple[Standing, ...]
    disagreements: tuple[Disagreement, ...]
    related: typology.Related | None
    characters: int


def rank_sources(
    target: Text, candidates: Sequence[Text], *, base: Base | None = None, seed: int = 0
) -> Ranking:
    """Rank candidates for a target; with a base, by its pieces and sentence vectors too.

    Raises InputError when there are fewer than two candidates, names repeat, or a text has no letter.
    """
    names = [text.name for text in candidates]
    if len(names) < 2:
        raise InputError(
            f"{len(names)} to choose from", where="--candidate", hint="give two candidates or more"
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise InputError(f"{twice!r} is given twice", where="--candidate")
    found = compare(target, candidates, base=base, seed=seed)
    ranks = {component.key: _ranks(component, found.values[component.key]) for component in found.components}
    others = [text.language for text in candidates if text.language != target.language]
    return Ranking(
        components=found.components,
        standings=_standings(found, ranks),
        disagreements=tuple(_disagreements(found, ranks)),
        related=typology.related(target.language, others) if others else None,
        characters=found.characters,
    )


def _ranks(component: Component, values: Values) -> np.ndarray:
    """Return ranks of shape [candidates]; ties share their mean rank.

    An unknown value has the middle rank, and the known ranks are centred around it.
    """
    sign, middle = -1 if component.higher_is_better else 1, (len(values) + 1) / 2
    told = [number for number, value in enumerate(values) if value is not None]
    ordered = rankdata([round(sign * value, _DECIMALS) for value in values if value is not None])
    ranks = np.full(len(values), middle)
    ranks[told] = ordered - (len(told) + 1) / 2 + middle
    return ranks


def _standings(found: Compared, ranks: Ranks) -> tuple[Standing, ...]:
    means = np.round(np.mean(list(ranks.values()), axis=0), _DECIMALS)
    places = rankdata(means, method="min")
    standings = [
        Standing(
            name=text.name,
            language=text.language,
            place=int(places[number]),
            mean_rank=float(means[number]),
            values={key: values[number] for key, values in found.values.items()},
            ranks={key: float(each[number]) for key, each in ranks.items()},
            distance=found.distances[number],
            reason=_reason(found, ranks, number=number),
        )
        for number, text in enumerate(found.candidates)
    ]
    return tuple(sorted(standings, key=lambda standing: standing.place))


def _reason(found: Compared, ranks: Ranks, *, number: int) -> str:
    facts = typology.describe(found.target.language, found.candidates[number].language)
    differing = found.distances[number].differing
    unlike = f"; differs in {_listed(differing)}" if differing else ""
    return f"{_views(ranks, number)}; {facts}{unlike}"


def _views(ranks: Ranks, number: int) -> str:
    """Return which components rank a candidate first or last, such as `first by shared words and trigrams`.

    A component that ranks all candidates equally is left out.
    """
    telling = {_LABELS[key]: each for key, each in ranks.items() if each.min() < each.max()}
    first = [label for label, each in telling.items() if each[number] == each.min()]
    last = [label for label, each in telling.items() if each[number] == each.max()]
    said = [f"{what} by {_listed(those)}" for what, those in (("first", first), ("last", last)) if those]
    return "; ".join(said) or "neither first nor last by any component"


def _disagreements(found: Compared, ranks: Ranks) -> Iterator[Disagreement]:
    """Yield the pairs of components with a Kendall's tau below 0, over the candidates with both values."""
    for first, second in combinations(found.components, 2):
        pairs = zip(found.values[first.key], found.values[second.key], strict=True)
        told = [number for number, pair in enumerate(pairs) if None not in pair]
        if len(told) < 2:
            continue
        orders = [ranks[component.key][told] for component in (first, second)]
        result: Any = kendalltau(*orders)
        tau = float(result.statistic)
        if tau < 0:  # tau is NaN when all ranks are equal, which is no disagreement
            names = [found.candidates[number].name for number in told]
            heads = [_heads(names, order) for order in orders]
            yield Disagreement(
                first=first.key,
                second=second.key,
                tau=tau,
                sentence=_sentence(first.label, second.label, heads=heads, tau=tau),
            )


def _heads(names: Sequence[str], order: np.ndarray) -> str:
    return _listed([name for name, rank in zip(names, order, strict=True) if rank == order.min()])


def _sentence(first: str, second: str, *, heads: Sequence[str], tau: float) -> str:
    told = (
        f"both put {heads[0]} first and differ in the others"
        if heads[0] == heads[1]
        else f"{first} put {heads[0]} first, {second} {heads[1]}"
    )
    return f"{first} and {second} disagree (Kendall's tau {tau:.2f}): {told}"


def _listed(labels: Sequence[str]) -> str:
    *others, last = labels
    return f"{', '.join(others)} and {last}" if others else last
