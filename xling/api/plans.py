"""Plans whose weights are found, in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xling.bases.base import Base
from xling.composition.forms.form import Plan
from xling.composition.grammar import parse
from xling.data.examples import Example
from xling.makers.composed_model import finder, names_in
from xling.modules.module import Module
from xling.store.store import Store
from xling.weighing.registry import search_named
from xling.weighing.weigh import Shots, Weighed
from xling.weighing.weigh import weigh as weigh_sum


def weigh(
    base: Base,
    plan: str | Plan,
    examples: Sequence[Example],
    *,
    method: str = "gradient",
    options: Mapping[str, Any] | None = None,
    texts: Mapping[str, Sequence[str]] | None = None,
    modules: Mapping[str, Module] | None = None,
    store: Store | None = None,
    seed: int = 0,
) -> Weighed:
    """Find the weights of a sum of plans by a handful of labelled examples; no module is changed.

    Args:
        base: The frozen encoder.
        plan: A complete plan with one sum without weights, such as `sum(task/a, task/b)` or
            `sum(lang/a, lang/b) >> task/ner`.
        examples: Labelled examples of the target; ten to a hundred are usual.
        method: `gradient`, `lorahub` (a search without gradients, which needs the package nevergrad),
            `greedy-soup` (the mean of those plans that do not raise the loss) or `soup` (the mean of those
            whose texts are like the examples').
        options: Fields of the method, such as `{"evaluations": 100}` of `lorahub`.
        texts: For `soup`: some lines of the text of each plan in the sum, by the plan's text.
        modules: The modules by name, if they are in memory.
        store: The store that holds the modules on disk.
        seed: The seed of random choices.

    Returns:
        The whole `plan` with its weights, which `compose` takes, its `loss` and score (`metric`, `value` in
        percent) on the examples, and `loss_of_mean`, that of the mean of the plans. The plan names the
        modules that `lang/*` stands for.

    Raises:
        InputError: When the method or an option is unknown, its package is missing, or a text is.
        PlanError: Unless exactly one sum in the plan has no weights, and the plan has a task module.

    Example:
        >>> spans = [xling.TaggedSentence(("Juma",), ("O",), "1", "swh")]
        >>> known = {"task/a": ner, "task/b": ner}
        >>> found = xling.weigh(base, "sum(task/a, task/b)", spans, method="greedy-soup", modules=known)
        >>> str(found.plan)
        'mean(task/a, task/b)'
    """
    search = search_named(method, options or {})
    shots = Shots(examples=examples, texts=texts or {}, seed=seed)
    value = parse(plan) if isinstance(plan, str) else plan
    find, names = finder(store, modules), names_in(store, modules)
    return weigh_sum(base, value, search, find=find, names=names, shots=shots)
