"""AdapterSoup (Chronopoulou et al. 2023): the mean of the modules whose texts are like the target's.

Source: section 3.2, selection by clusters of sentence vectors. There the clusters are a Gaussian mixture
over the texts of all modules; here each module's texts are one cluster, all of one spread, so a text belongs
to the module with the nearest centroid. No label is looked at.
"""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import Field

from xling.composition.forms.form import Plan
from xling.weighing.search import Problem, Search, together


class Soup(Search):
    """The modules to which enough of the target's texts belong.

    least: the share of texts that a module must have. most: the largest number of modules.
    """

    least: Annotated[float, Field(gt=0, lt=1)] = 0.1
    most: Annotated[int, Field(gt=0)] = 5

    def __call__(self, problem: Problem) -> Plan:
        vectors = problem.vectors()
        centroids = torch.stack([own.mean(0) for own in vectors.own])
        nearest = torch.cdist(vectors.target, centroids).argmin(1)
        shares = torch.bincount(nearest, minlength=len(centroids)) / len(nearest)
        ranked = shares.argsort(descending=True, stable=True)[: self.most].tolist()
        chosen = [number for number in ranked if shares[number] >= self.least] or ranked[:1]
        return together([problem.plans[number] for number in sorted(chosen)])


SEARCH = Soup
