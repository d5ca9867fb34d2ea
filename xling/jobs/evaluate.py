"""Scores of a plan on a user's labelled file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xling.bases.opening import load_base
from xling.data.anyfile import read_labelled
from xling.data.examples import fingerprint
from xling.errors import InputError
from xling.evaluation.bootstrap import interval
from xling.files import write_json
from xling.jobs.compose import compose
from xling.languages import parse
from xling.store.store import Store


def evaluate_file(
    base: str,
    plan: str,
    store: Path,
    *,
    task: str,
    data: Path,
    language: str = "und",
    out: Path | None = None,
    device: str = "cpu",
) -> dict[str, Any]:
    """Predict labelled data and score it; the interval is a bootstrap over examples.

    Raises InputError when the plan is of another task, or for a gold label that the module cannot give.
    """
    tag = language if language == "und" else parse(language)
    model = compose(load_base(base, device=device), plan, store=Store(store))
    if model.task.name != task:
        raise InputError(f"the plan's task is {model.task.name}, not {task}", where="--task")
    examples = read_labelled(data, task=task, language=tag)
    rows = model.predict(examples)
    scored = interval(model.task.counts(examples, rows), model.task.value)
    result = {
        "language": tag,
        "plan": str(model.plan),
        "task": task,
        "metric": model.task.metric,
        **scored.row(),
        "examples": len(examples),
        "all": {key: round(value, 2) for key, value in model.task.score(examples, rows).items()},
        "data_sha256": fingerprint(examples).removeprefix("sha256:"),
    }
    if out is not None:
        write_json(out, result)
    return result
