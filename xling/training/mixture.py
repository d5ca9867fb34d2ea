"""Several objectives for one module: languages, tasks, sources or plans whose passes alternate."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from xling.training.loop import Objective


class Mixture:
    """Objectives that share the module under training and take turns, a forward pass each.

    A turn is a function of the pass number alone, so that an interrupted run goes on as if undisturbed. The
    score is the mean of the objectives' scores.

    objectives: at least one; in all of them that have a score a higher one is better, or in none.
    alpha: an objective's share of the passes is proportional to its passes per epoch to this power. With 1
    each is seen as often as its data is large; towards 0 all of them equally often (Conneau and Lample 2019,
    section 3.1).
    shares: how the passes are shared instead, as relative numbers.
    Raises ValueError when there is no objective, or when scores of both directions would be averaged.
    """

    def __init__(
        self, objectives: Sequence[Objective], *, alpha: float = 1.0, shares: Sequence[float] | None = None
    ) -> None:
        directions = {own.higher_is_better for own in objectives} - {None}
        if not objectives or len(directions) > 1:
            raise ValueError("a mixture needs objectives whose scores have one direction")
        self.objectives, self.higher_is_better = tuple(objectives), next(iter(directions), None)
        sizes = [own.passes_per_epoch() for own in objectives]
        total, weights = sum(sizes), shares or [size**alpha for size in sizes]
        counts = [max(1, round(total * weight / sum(weights))) for weight in weights]
        self.turns = _turns(counts)
        self._counts = counts
        self._before = [self.turns[:at].count(turn) for at, turn in enumerate(self.turns)]

    def passes_per_epoch(self) -> int:
        """Forward passes in which every objective has had its share."""
        return len(self.turns)

    def loss(self, number: int) -> tuple[Tensor, int]:
        """The loss of the objective whose turn pass `number` is, and how many pieces it read."""
        round_, at = divmod(number, len(self.turns))
        turn = self.turns[at]
        return self.objectives[turn].loss(round_ * self._counts[turn] + self._before[at])

    def evaluate(self) -> float | None:
        """The mean score of the objectives that have one; None when none has."""
        return _mean_score(self.objectives)


class Cycle:
    """Objectives on the same data, under different plans, of which each pass takes the next one.

    In an epoch every example is seen once, under one of the plans. The score is the mean of the objectives'
    scores.

    objectives: at least one.
    """

    def __init__(self, objectives: Sequence[Objective]) -> None:
        self.objectives = tuple(objectives)
        self.higher_is_better = self.objectives[0].higher_is_better

    def passes_per_epoch(self) -> int:
        """Return the number of forward passes in which every example is seen once."""
        return self.objectives[0].passes_per_epoch()

    def loss(self, number: int) -> tuple[Tensor, int]:
        """Return the loss of pass `number` under the plan whose turn it is, and how many pieces it read."""
        return self.objectives[number % len(self.objectives)].loss(number)

    def evaluate(self) -> float | None:
        """Return the mean score under all plans, or None when there is none."""
        return _mean_score(self.objectives)


def _mean_score(objectives: Sequence[Objective]) -> float | None:
    scores = [score for own in objectives if (score := own.evaluate()) is not None]
    return sum(scores) / len(scores) if scores else None


def _turns(counts: Sequence[int]) -> list[int]:
    """Each number as often as its count says, spread evenly: the next is what lags most behind its share."""
    had, turns = [0] * len(counts), []
    for done in range(1, sum(counts) + 1):
        lags = [count * done / sum(counts) - own for count, own in zip(counts, had, strict=True)]
        turns.append(lags.index(max(lags)))
        had[turns[-1]] += 1
    return turns
