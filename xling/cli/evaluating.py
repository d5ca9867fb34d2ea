"""xling predict | evaluate | retrieve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xling.cli.data import DataRoot
from xling.cli.running import (
    Device,
    Format,
    Json,
    Precision,
    Quiet,
    Threads,
    counted,
    print_result,
    set_threads,
    tag,
    task_name,
)
from xling.cli.training import BaseName

PlanText = Annotated[
    str, typer.Option("--plan", help="Modules from the lowest up, such as 'lang/swh >> task/ner'.")
]
StoreFolder = Annotated[Path, typer.Option("--store", help="The folder that holds the modules.")]
Language = Annotated[str, typer.Option("--language", callback=tag, help="The language of the text.")]


def predict(
    base: BaseName,
    plan: PlanText,
    store: StoreFolder,
    input: Annotated[Path, typer.Option("--input", help="JSONL, CoNLL, CoNLL-U, TSV or plain text.")],
    output: Annotated[
        Path, typer.Option("--output", help="JSONL, CoNLL (tags) or CoNLL-U (trees), by its ending.")
    ],
    format: Format = "auto",
    language: Language = "und",
    device: Device = "cpu",
    precision: Precision = "float32",
    threads: Threads = 0,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Predict under a plan. Plain text for tagging is split at white space and edge punctuation."""
    from xling.bases.precision import checked_precision
    from xling.jobs.predict import PredictionFiles, predict_file
    from xling.makers.composed_model import Setup

    set_threads(threads)
    exact = checked_precision(precision)
    setup = Setup(base=base, plan=plan, store=store, device=device, precision=exact)
    files = PredictionFiles(input=input, output=output, format=format)
    with counted("predict", quiet) as progress:
        result = predict_file(setup, files, language=language, progress=progress)
    print_result(result, as_json=json)


def evaluate(
    base: BaseName,
    plan: PlanText,
    store: StoreFolder,
    task: Annotated[
        str, typer.Option("--task", callback=task_name, help="The task of the plan's topmost module.")
    ],
    data: Annotated[
        Path | None, typer.Option("--data", help="A file of labelled data: CoNLL, TSV or JSONL.")
    ] = None,
    card: Annotated[
        str | None,
        typer.Option("--card", help="A data card instead; it gives labels the names that the module knows."),
    ] = None,
    split: Annotated[str, typer.Option("--split", help="The split of the card.")] = "test",
    data_root: DataRoot = None,
    format: Format = "auto",
    out: Annotated[Path | None, typer.Option("--out", help="Where to write the scores as JSON.")] = None,
    language: Language = "und",
    device: Device = "cpu",
    precision: Precision = "float32",
    threads: Threads = 0,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Score a plan on labelled data, with bootstrap intervals."""
    from xling.bases.precision import checked_precision
    from xling.jobs.evaluate import GoldData, evaluate_file
    from xling.makers.composed_model import Setup

    set_threads(threads)
    exact = checked_precision(precision)
    setup = Setup(base=base, plan=plan, store=store, device=device, precision=exact)
    gold = GoldData(file=data, format=format, card=card, split=split, data_root=data_root)
    with counted("evaluate", quiet) as progress:
        result = evaluate_file(setup, gold, task=task, language=language, out=out, progress=progress)
    print_result(result, as_json=json)


def retrieve(
    base: BaseName,
    language: Annotated[
        str, typer.Option("--language", callback=tag, help="The language that the plan reads.")
    ],
    other_language: Annotated[
        str, typer.Option("--other-language", callback=tag, help="That of the translations.")
    ],
    pairs: Annotated[
        Path | None, typer.Option("--pairs", help="A table of two columns headed by the languages' tags.")
    ] = None,
    candidates: Annotated[
        Path | None,
        typer.Option("--candidates", help='JSONL of {"query", "candidates", "right"}, to rank instead.'),
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(
            "--plan",
            help="Such as lang/swh, or a route for both languages; without a route the other language is "
            "read by the base as it is.",
        ),
    ] = None,
    store: Annotated[Path | None, typer.Option("--store", help="The folder of the plan's modules.")] = None,
    margin: Annotated[str, typer.Option("--margin", help="cosine, csls or ratio.")] = "cosine",
    out: Annotated[Path | None, typer.Option("--out", help="Where to write the scores as JSON.")] = None,
    device: Device = "cpu",
    threads: Threads = 0,
    json: Json = False,
) -> None:
    """Find translations by sentence vectors: accuracy at 1 and reciprocal rank, with bootstrap intervals."""
    from xling.jobs.retrieve import RetrievalOrder
    from xling.jobs.retrieve import retrieve as find

    set_threads(threads)
    order = RetrievalOrder(
        base=base,
        language=language,
        other_language=other_language,
        pairs=pairs,
        candidates=candidates,
        plan=plan,
        store=store,
        margin=margin,
        device=device,
    )
    result = find(order, out=out)
    print_result(result if json else result["results"], as_json=json)
