"""The greedy soup (Wortsman et al. 2022, recipe 1): plans join the mean while the loss does not rise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from xling.composition.forms.form import Plan
from xling.weighing.search import Problem, Search, together


class GreedySoup(Search):
    """The plans in the order of their own loss, each of which is kept if the mean with it is no worse.

    most: the largest number of plans in the mean (five at most in AdapterSoup).
    """

    most: Annotated[int, Field(gt=0)] = 5

    def __call__(self, problem: Problem) -> Plan:
        count, done = len(problem.plans), 0

        def loss_of_mean(chosen: Sequence[int]) -> float:
            nonlocal done
            found = problem.loss([(number in chosen) / len(chosen) for number in range(count)])
            done += 1
            problem.progress(done, 2 * count - 1)
            return found

        alone = [loss_of_mean([number]) for number in range(count)]
        first, *others = sorted(range(count), key=alone.__getitem__)
        chosen, least = [first], alone[first]
        for number in others:
            if len(chosen) == self.most:
                break
            loss = loss_of_mean([*chosen, number])
            if loss <= least:
                chosen, least = [*chosen, number], loss
        return together([problem.plans[number] for number in sorted(chosen)])


SEARCH = GreedySoup
