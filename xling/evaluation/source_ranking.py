"""Which source serves a target best: candidates ranked by what their text and language share with it.

Each component ranks the candidates, and the mean of the ranks decides. The components are of the kinds
that Lin et al. 2019 (LangRank) found telling; a mean of ranks needs no transfer scores to learn from.
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

_DECIMALS = 9  # values that differ by rounding alone are one rank
_LABELS: Mapping[str, str] = {component.key: component.label for component in COMPONENTS}

Ranks = Mapping[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A candidate in the ranking.

    place: from 1, the same for equal mean ranks. values: of each component, None where it cannot be told;
    ranks: from 1 (nearest), such a one in the middle. reason: what the place rests on, in words.
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
    """Two components that order the candidates against each other. tau: Kendall's, below 0."""

    first: str
    second: str
    tau: float
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Candidates, nearest first. characters: how much of each was read for words, trigrams and pieces.

    related: the nearest language by facts alone; None where every candidate is in the target's own.
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

    Raises InputError for fewer than two candidates, a name given twice, or a text without a letter.
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
    """Ranks [candidates], ties by their mean; shifted so that one that cannot be told lies in the middle."""
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
    """`first by shared words and trigrams; last by typology`; a component that ties all says nothing."""
    telling = {_LABELS[key]: each for key, each in ranks.items() if each.min() < each.max()}
    first = [label for label, each in telling.items() if each[number] == each.min()]
    last = [label for label, each in telling.items() if each[number] == each.max()]
    said = [f"{what} by {_listed(those)}" for what, those in (("first", first), ("last", last)) if those]
    return "; ".join(said) or "neither first nor last by any component"


def _disagreements(found: Compared, ranks: Ranks) -> Iterator[Disagreement]:
    """Pairs of components with a Kendall's tau below 0, over the candidates that both can tell."""
    for first, second in combinations(found.components, 2):
        pairs = zip(found.values[first.key], found.values[second.key], strict=True)
        told = [number for number, pair in enumerate(pairs) if None not in pair]
        if len(told) < 2:
            continue
        orders = [ranks[component.key][told] for component in (first, second)]
        result: Any = kendalltau(*orders)
        tau = float(result.statistic)
        if tau < 0:  # no number where all are equal, and so no disagreement
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
