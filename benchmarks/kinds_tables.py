"""The runs of recipes/kinds side by side: a table for each task, its columns the kinds of modules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tables import table

from xling.evaluation.report_page.words import DASH, bounds, duration, metric_name, score
from xling.languages import name

SECTION = "kinds-by-task"
_RECIPE = re.compile(r"kinds-(?P<task>[a-z]+)-(?P<kind>.+)")
_TITLES = {
    "ner": "Named entities (CoNLL 2003 to MasakhaNER 2)",
    "pos": "Parts of speech (English EWT to MasakhaPOS)",
    "topic": "Topics (SIB-200)",
    "sentiment": "Sentiment (TweetEval to AfriSenti)",
    "intents": "Intents and slots (xSID)",
    "nli": "Inference (TaxiNLI to XNLI)",
    "qa": "Questions (XQuAD)",
    "choice": "Multiple choice (XCOPA)",
    "parsing": "Dependency parsing (UD)",
}
_BESIDE = {
    "sentiment": "weighted_f1",
    "intents": "intent_accuracy",
    "qa": "exact_match",
    "parsing": "uas",
}
_CONTROL, _OTHERS = "control", ("bottleneck", "lt-sft", "lora", "full")
Row = Mapping[str, Any]
Runs = Mapping[str, Sequence[Row]]


def by_task(rows: Sequence[Row]) -> Iterator[str]:
    """The tables of all tasks that have been run."""
    found: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        named = _RECIPE.fullmatch(str(row.get("recipe", "")))
        if named:
            found.setdefault(named["task"], {}).setdefault(named["kind"], []).append(row)
    for task in sorted(found, key=[*_TITLES, *sorted(found)].index):
        yield f"### {_TITLES.get(task, task)}\n"
        yield _task({kind: _last(runs) for kind, runs in found[task].items()}, _BESIDE.get(task))


def _last(rows: Sequence[Row]) -> list[Row]:
    """Of the runs of a recipe the last experiment, each score as it was last taken."""
    kept = [row for row in rows if row["note"] == rows[-1]["note"]]
    return [*{(row["language"], row["condition"], row["seed"]): row for row in kept}.values()]


def _task(runs: Runs, beside: str | None) -> str:
    """beside: a second metric, shown behind the first."""
    some = next(iter(runs.values()))[0]
    source, columns = some["source"], [*_columns(runs)]
    scores = {(kind, row["language"], row["condition"]): row for kind in runs for row in runs[kind]}
    languages = dict.fromkeys(row["language"] for found in runs.values() for row in found)
    body = []
    for tag in sorted(languages, key=lambda tag: tag != source):
        line = [f"{name(tag)} ({tag}{', source' if tag == source else ''})"]
        for _, kinds, condition in columns:
            taken = (scores.get((kind, tag, condition)) for kind in kinds)
            line.append(_score(next((row for row in taken if row), None), beside))
        body.append(line)
    shown = table(["language", *(head for head, _, _ in columns)], body)
    metrics = " / ".join(metric_name(metric) for metric in (some["metric"], beside) if metric)
    seconds = {kind: max(row.get("run_seconds") or 0 for row in found) for kind, found in runs.items()}
    spent = "; ".join(f"{kind} {duration(float(value))}" for kind, value in seconds.items())
    return f"{shown}\n{metrics}, seed {some['seed']}. A run took: {spent}.\n"


def _columns(runs: Runs) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """(heading, kinds of which the first that has the score gives it, condition)."""
    yield _CONTROL, (_CONTROL, "bottleneck"), "none"
    for kind in (kind for kind in _OTHERS if kind in runs):
        if kind != "bottleneck":
            yield f"{kind} alone", (kind,), "none"
        if any(row["condition"] == "target" for row in runs[kind]):
            yield kind, (kind,), "target"


def _score(row: Row | None, beside: str | None) -> str:
    if row is None:
        return DASH
    between = bounds(row.get("low"), row.get("high"))
    second = row.get("all", {}).get(beside)
    shown = f"{score(row['value'])} ({between})" if between else score(row["value"])
    return shown if second is None else f"{shown} / {score(second)}"
