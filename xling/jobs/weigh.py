"""Find the weights of a sum of plans by a file of labelled examples: the job of `xling module weigh`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling.bases.base import load_base
from xling.composition.grammar import parse
from xling.data.text import deduplicate, read_text
from xling.errors import InputError
from xling.languages import UNKNOWN
from xling.makers.composed_model import Setup, planned_task
from xling.plain_yaml import assignment, put
from xling.store.store import Store
from xling.tasks.inference import Progress, unheard
from xling.tasks.reading import read_labelled
from xling.weighing.registry import search_named
from xling.weighing.search import Unweighted, filled, sum_to_weigh
from xling.weighing.weigh import Shots, weigh


@dataclass(frozen=True, kw_only=True)
class WeighOrder:
    """What to weigh and by what.

    setup: the base, the plan with a sum without weights, and the store. data: the file of labelled examples.
    method: the name of a search. changes: its options, each as key=value. texts: for each plan of the sum,
    PLAN=FILE, where the search compares texts.
    """

    setup: Setup
    task: str
    data: Path
    format: str = "auto"
    language: str = UNKNOWN
    method: str = "gradient"
    changes: Sequence[str] = ()
    texts: Sequence[str] = ()
    seed: int = 0


def weigh_file(order: WeighOrder, progress: Progress = unheard) -> dict[str, Any]:
    """Find the weights, and return the whole plan with its loss and score on the examples.

    The plan names every module that `lang/*` stands for. Nothing is written. Raises InputError when the plan
    is of another task, or an option or a file is at fault, and PlanError unless exactly one sum in the plan
    has no weights.
    """
    options: dict[str, Any] = {}
    for change in order.changes:
        put(options, *assignment(change, "steps=100"))
    search, plan = search_named(order.method, options), parse(order.setup.plan)
    sum_to_weigh(plan)
    store = Store(order.setup.store)
    planned = planned_task(filled(plan, Unweighted), store.get, store.names)
    if planned.task.name != order.task:
        raise InputError(f"the plan's task is {planned.task.name}, not {order.task}", where="--task")
    texts = {name: deduplicate(read_text([path])) for name, path in map(named_file, order.texts)}
    examples = read_labelled(order.data, task=order.task, language=order.language, format=order.format)
    shots = Shots(examples=examples, texts=texts, seed=order.seed, progress=progress)
    base = load_base(order.setup.base, device=order.setup.device)
    found = weigh(base, plan, search, find=store.get, names=store.names, shots=shots)
    told = {"method": order.method, "task": order.task, "examples": len(examples), "seed": order.seed}
    return {**found.row(), **told}


def named_file(text: str) -> tuple[str, str]:
    """Return the two sides of a value of `--text`, a plan or the name of a module, and its file."""
    name, equals, path = text.rpartition("=")
    if not equals or not name or not path:
        raise InputError(f"{text!r} is not PLAN=FILE", where="--text", hint="write --text task/a=a.txt")
    return name.strip(), path
