"""xling predict | evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xling.cli.running import Device, Json, Quiet, Threads, print_result, set_threads
from xling.cli.training import BaseName

PlanText = Annotated[
    str, typer.Option("--plan", help="Modules from the lowest up, such as 'lang/swh >> task/ner'.")
]
StoreFolder = Annotated[Path, typer.Option("--store", help="The folder that holds the modules.")]
Language = Annotated[str, typer.Option("--language", help="The language of the text.")]


def predict(
    base: BaseName,
    plan: PlanText,
    store: StoreFolder,
    input: Annotated[Path, typer.Option("--input", help="JSONL, CoNLL, TSV or plain text.")],
    output: Annotated[Path, typer.Option("--output", help="JSONL, or CoNLL for tagging, by its ending.")],
    language: Language = "und",
    device: Device = "cpu",
    threads: Threads = 0,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Predict under a plan. Plain text for tagging is split at white space and edge punctuation."""
    from xling.jobs.predict import predict_file

    set_threads(threads)
    result = predict_file(base, plan, store, input=input, output=output, language=language, device=device)
    print_result(result, as_json=json)


def evaluate(
    base: BaseName,
    plan: PlanText,
    store: StoreFolder,
    task: Annotated[str, typer.Option("--task", help="The task of the plan's topmost module.")],
    data: Annotated[Path, typer.Option("--data", help="Labelled data: CoNLL, TSV or JSONL.")],
    out: Annotated[Path | None, typer.Option("--out", help="Where to write the scores as JSON.")] = None,
    language: Language = "und",
    device: Device = "cpu",
    threads: Threads = 0,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Score a plan on labelled data, with bootstrap intervals."""
    from xling.jobs.evaluate import evaluate_file

    set_threads(threads)
    result = evaluate_file(base, plan, store, task=task, data=data, language=language, out=out, device=device)
    print_result(result, as_json=json)
