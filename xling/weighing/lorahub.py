"""LoraHub (Huang et al. 2023, section 3): a search without gradients for the weights of least loss.

There each factor of LoRA is weighted, (sum w A)(sum w B); here each module's change is, so that a module of
any kind takes part, and no product of one module's A and another's B appears.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from xling.composition.forms.form import Plan
from xling.composition.forms.sum import Sum
from xling.errors import InputError
from xling.weighing.search import Problem, Search, rounded


class LoraHub(Search):
    """Nevergrad's NGOpt from zero.

    evaluations: how many weights are tried. bound: the largest weight, and the least with a minus. penalty:
    the factor of the mean absolute weight, which is added to the loss.
    """

    evaluations: Annotated[int, Field(gt=0, le=10**6)] = 40
    bound: Annotated[float, Field(gt=0, le=100)] = 1.5
    penalty: Annotated[float, Field(ge=0, le=100)] = 0.05

    def __call__(self, problem: Problem) -> Plan:
        optimizer = self._optimizer(len(problem.plans), problem.seed)
        tried = []
        for number in range(self.evaluations):
            with _without_warnings():
                asked = optimizer.ask()
            weights = rounded(asked.value.tolist())
            loss = problem.loss(weights) + self.penalty * float(np.mean(np.abs(weights)))
            with _without_warnings():
                optimizer.tell(asked, loss)
            tried.append((loss, weights))
            problem.progress(number + 1, self.evaluations)
        return Sum(problem.plans, tuple(min(tried)[1]))

    def _optimizer(self, count: int, seed: int) -> Any:
        try:
            import nevergrad
        except ImportError as error:
            hint = "pip install 'xling[nevergrad]', or take gradient or greedy-soup"
            raise InputError(
                "the package nevergrad is not installed", where="--method lorahub", hint=hint
            ) from error
        with _without_warnings():
            weights = nevergrad.p.Array(init=np.zeros(count)).set_bounds(-self.bound, self.bound)
            weights.random_state = np.random.RandomState(seed)
            return nevergrad.optimizers.NGOpt(parametrization=weights, budget=self.evaluations)


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Keep to themselves what the libraries say of settings that are not the user's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


SEARCH = LoraHub
