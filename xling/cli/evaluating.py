"""The commands `xling predict`, `evaluate` and `retrieve`."""

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
    say,
    set_threads,
    tag,
    task_name,
)
from xling.cli.training import BaseName

PlanText = Annotated[
    str, typer.Option("--plan", help="Modules from lowest to highest, such as 'lang/swh >> task/ner'.")
]
StoreFolder = Annotated[Path, typer.Option("--store", help="The folder that holds the modules.")]
Language = Annotated[str, typer.Option("--language", callback=tag, help="The language of the text.")]


def predict(
    base: BaseName,
    plan: PlanText,
    store: StoreFolder,
    input: Annotated[
        Path,
        typer.Option(
            "--input", help="Input: JSONL, CoNLL, CoNLL-U, TSV or plain text, gzipped or not, or a pipe."
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", help="Output, by extension: JSONL, CoNLL (tags) or CoNLL-U (trees).")
    ],
    format: Format = "auto",
    language: Language = "und",
    device: Device = "cpu",
    precision: Precision = "float32",
    threads: Threads = 0,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write the predictions of a plan for a file.

    For tagging, plain text is split into words at white space and at punctuation beside it.

    A file may have any length. The output appears when it is complete; until then it grows in a folder beside
    it, and after an interruption the same command goes on where it stopped.
    """
    from xling.bases.precision import checked_precision
    from xling.jobs.predict import PredictionFiles, predict_file
    from xling.makers.composed_model import Setup

    set_threads(threads)
    exact = checked_precision(precision)
    setup = Setup(base=base, plan=plan, store=store, device=device, precision=exact)
    files = PredictionFiles(input=input, output=output, format=format)
    with counted("predict", quiet) as progress:
        result = predict_file(setup, files, language=language, progress=progress, say=say(quiet))
    print_result(result, as_json=json)


def evaluate(
    base: BaseName,
    plan: PlanText,
    store: StoreFolder,
    task: Annotated[str, typer.Option("--task", callback=task_name, help="The task that the plan predicts.")],
    data: Annotated[
        Path | None, typer.Option("--data", help="A file of labelled data: CoNLL, TSV or JSONL.")
    ] = None,
    card: Annotated[
        str | None,
        typer.Option("--card", help="A data card instead of --data; it can rename labels for the module."),
    ] = None,
    split: Annotated[str, typer.Option("--split", help="The split of the card.")] = "test",
    data_root: DataRoot = None,
    format: Format = "auto",
    against: Annotated[
        Path | None,
        typer.Option("--against", help="Older predictions (.jsonl) to compare with: difference and flips."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The JSON file for the scores.")] = None,
    language: Language = "und",
    device: Device = "cpu",
    precision: Precision = "float32",
    threads: Threads = 0,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Score a plan on labelled data, with 95% bootstrap intervals.

    Against older predictions of the same data, it also counts what these had right and the plan has wrong
    (negative flips), and the reverse.
    """
    from xling.bases.precision import checked_precision
    from xling.evaluation.flips import sentences
    from xling.jobs.evaluate import GoldData, evaluate_file
    from xling.makers.composed_model import Setup

    set_threads(threads)
    exact = checked_precision(precision)
    setup = Setup(base=base, plan=plan, store=store, device=device, precision=exact)
    gold = GoldData(file=data, format=format, card=card, split=split, data_root=data_root)
    with counted("evaluate", quiet) as progress:
        result = evaluate_file(
            setup, gold, task=task, language=language, against=against, out=out, progress=progress
        )
    if json or against is None:
        print_result(result, as_json=json)
        return
    older = result.pop("against")
    print_result(result, as_json=False)
    for line in sentences(older, result["metric"]):
        print(line)


def retrieve(
    base: BaseName,
    language: Annotated[str, typer.Option("--language", callback=tag, help="The language of the queries.")],
    other_language: Annotated[
        str, typer.Option("--other-language", callback=tag, help="The language of the translations.")
    ],
    pairs: Annotated[
        Path | None, typer.Option("--pairs", help="A table of translations, headed by the two language tags.")
    ] = None,
    candidates: Annotated[
        Path | None,
        typer.Option("--candidates", help='JSONL of {"query", "candidates", "right"}, instead of --pairs.'),
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(
            "--plan",
            help="The plan, such as lang/swh, or a route for both languages. Without a route, the unchanged "
            "base encodes the translations.",
        ),
    ] = None,
    store: Annotated[Path | None, typer.Option("--store", help="The folder that holds the modules.")] = None,
    margin: Annotated[str, typer.Option("--margin", help="How to score: cosine, csls or ratio.")] = "cosine",
    out: Annotated[Path | None, typer.Option("--out", help="The JSON file for the scores.")] = None,
    device: Device = "cpu",
    threads: Threads = 0,
    json: Json = False,
) -> None:
    """Find translations by sentence vectors, and report accuracy at 1 and mean reciprocal rank."""
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
