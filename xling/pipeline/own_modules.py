"""The modules that a recipe makes for conditions of its own, as stages: its fusions and its hypernetworks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from xling.composition.contents import named
from xling.composition.forms.single import NEW
from xling.makers.hypernetwork import hypernetwork_of
from xling.makers.make import checked
from xling.makers.stage import Stage
from xling.pipeline.corpus import Corpus
from xling.pipeline.own_plans import FUSION, HYPERNETWORK, combined, own_name
from xling.pipeline.recipe import told
from xling.training.specs import TaskTraining


def own_stages(corpus: Corpus, alone: Stage, *, task: str, modules: Mapping[str, Stage]) -> dict[str, Stage]:
    """Return the stages of the fusions and hypernetworks of a seed, by the names of their modules.

    alone: the training of the seed's task module on the base alone. task: the name of the task module that
    plans of the recipe's own call `task`. modules: the stages of the modules that plans may name.

    Raises InputError for faults that can be found before a base is opened.
    """
    recipe, seed = corpus.recipe, alone.seed
    found = {
        own_name(recipe, FUSION, name, seed): _fusion(corpus, name, alone=alone, task=task, modules=modules)
        for name in recipe.fusions
    }
    found |= {
        own_name(recipe, HYPERNETWORK, name, seed): _hypernetwork(corpus, name, alone=alone)
        for name in recipe.hypernetworks
    }
    return {name: replace(stage, name=name) for name, stage in found.items()}


def _fusion(corpus: Corpus, name: str, *, alone: Stage, task: str, modules: Mapping[str, Stage]) -> Stage:
    """Return the training of a module that combines others, on the examples of the task module."""
    plan = combined(corpus.recipe, name, task)
    spec = told(corpus.recipe.fusions[name], TaskTraining)
    below = {str(own): modules[str(own)] for own in named(plan) if own != NEW}
    return checked(replace(alone, spec=spec, plan=plan, modules=below))


def _hypernetwork(corpus: Corpus, name: str, *, alone: Stage) -> Stage:
    """Return the training of a hypernetwork, on the examples of the task module and text of all languages."""
    recipe, spec = corpus.recipe, corpus.recipe.hypernetworks[name]
    hypernetwork_of(spec, where=f"hypernetworks.{name}")
    data = {f"{role}/{alone.task}": own for role, own in alone.data.items()}
    for tag in dict.fromkeys((recipe.source, *recipe.targets)):
        data |= {f"{role}/{tag}": own for role, own in corpus.text(tag).items()}
    return checked(replace(alone, spec=spec, data=data))
