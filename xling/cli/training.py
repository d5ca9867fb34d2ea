"""The commands `xling train language` and `xling train task`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xling.cli.data import DataRoot
from xling.cli.running import (
    Device,
    Format,
    Fresh,
    Json,
    Quiet,
    Seed,
    Threads,
    bars,
    kind_name,
    language_kind,
    print_result,
    say,
    set_threads,
    tag,
    task_name,
)
from xling.errors import InputError
from xling.tasks.registry import TASKS

if TYPE_CHECKING:
    from xling.makers.stage import Stage
    from xling.pipeline.stages import Workbench

app = typer.Typer(help="Train a language module or a task module.", no_args_is_help=True)

BaseName = Annotated[
    str, typer.Option("--base", help="Base: embedded:multilingual-e5-small, a folder, or a Hub id.")
]
Out = Annotated[Path, typer.Option("--out", help="The folder for the new module, such as modules/lang/swh.")]
Kind = Annotated[
    str,
    typer.Option(
        "--kind",
        callback=kind_name,
        help="The kind: bottleneck, houlsby, parallel, large-sparse, madx, lora, ia3, lt-sft, full, "
        "head (tasks) or centre (languages).",
    ),
]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="A training setting key=value, or parts.key=value.")
]


@app.command("language")
def language(
    language: Annotated[
        str, typer.Option("--language", callback=tag, help="The tag of the language, such as swh.")
    ],
    out: Out,
    base: Annotated[
        str | None, typer.Option("--base", help="Base, as for a task module; a lexicon needs none.")
    ] = None,
    text: Annotated[
        list[str] | None,
        typer.Option(
            "--text", help="Files or folders of text for MLM; for a language family, swh=FILE for each."
        ),
    ] = None,
    source_text: Annotated[
        list[Path] | None, typer.Option("--source-text", help="Text of the source language, for centre.")
    ] = None,
    alpha: Annotated[
        float, typer.Option("--alpha", help="Balance: 1 reads each line once, 0 each language equally.")
    ] = 0.3,
    parallel: Annotated[
        Path | None,
        typer.Option("--parallel", help="A table of sentences and translations, to align instead of MLM."),
    ] = None,
    pairs: Annotated[
        str | None,
        typer.Option("--pairs", help="For a lexicon: sentences and translations, in a file or a data card."),
    ] = None,
    lexicon: Annotated[
        Path | None,
        typer.Option("--lexicon", help="For a lexicon: a file of words, translations and weights."),
    ] = None,
    data_root: DataRoot = None,
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            callback=language_kind,
            help="The kind: lexicon, bottleneck, houlsby, parallel, large-sparse, madx, lora, ia3, lt-sft or "
            "full.",
        ),
    ] = "madx",
    vocabulary: Annotated[
        Path | None, typer.Option("--vocabulary", help="A vocabulary module that splits the text.")
    ] = None,
    init: Annotated[
        Path | None,
        typer.Option("--init", help="A module to train further, or a centre of the same source."),
    ] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", help="Minutes to train, roughly.")] = None,
    changes: Set = None,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = 0,
    fresh: Fresh = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train a language module on text or on translations, or make a lexicon."""
    from xling.jobs.train import LanguageFiles, LexiconFiles, Options

    words = LexiconFiles(language=language, pairs=pairs, dictionary=lexicon, data_root=data_root)
    files = LanguageFiles(
        language=language,
        text=tuple(text or ()),
        source_text=tuple(source_text or ()),
        parallel=parallel,
        init=init,
        vocabulary=vocabulary,
        alpha=alpha,
    )
    set_threads(threads)
    options = Options(out=out, kind=kind, changes=tuple(changes or ()), minutes=minutes, seed=seed)
    stage = words.stage(options) if kind == "lexicon" else files.stage(options)
    if base is None and stage.spec.needs_base:
        raise InputError(
            f"{kind} is trained on a base",
            where="--base",
            hint="give --base embedded:multilingual-e5-small, a folder, or a Hub id",
        )
    make_module(out, stage, workbench(base or "", device, quiet), fresh=fresh, json=json)


@app.command("task")
def task(
    base: BaseName,
    task: Annotated[
        str,
        typer.Option(
            "--task",
            callback=task_name,
            help=f"The task: {', '.join(TASKS)}.",
        ),
    ],
    train: Annotated[Path, typer.Option("--train", help="Labelled data: CoNLL, TSV, JSONL or SQuAD JSON.")],
    source_language: Annotated[
        str, typer.Option("--source-language", callback=tag, help="The language of the training data.")
    ],
    out: Out,
    dev: Annotated[
        Path | None, typer.Option("--dev", help="Labelled data that selects the best training step.")
    ] = None,
    format: Format = "auto",
    language_module: Annotated[
        Path | None, typer.Option("--language-module", help="A language module, frozen below the new one.")
    ] = None,
    kind: Kind = "bottleneck",
    init: Annotated[Path | None, typer.Option("--init", help="A task module to train further.")] = None,
    changes: Set = None,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = 0,
    fresh: Fresh = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train a task module on labelled data in a source language."""
    from xling.jobs.train import Options, TaskFiles

    files = TaskFiles(
        task=task,
        source_language=source_language,
        train=train,
        dev=dev,
        format=format,
        language_module=language_module,
        init=init,
    )
    set_threads(threads)
    stage = files.stage(Options(out=out, kind=kind, changes=tuple(changes or ()), seed=seed))
    make_module(out, stage, workbench(base, device, quiet), fresh=fresh, json=json)


def workbench(base: str, device: str, quiet: bool) -> Workbench:
    """Return the base, device and output settings with which a stage is run."""
    from xling.pipeline.stages import Workbench

    return Workbench(base=base, device=device, bars=bars(quiet), say=say(quiet))


def make_module(out: Path, stage: Stage, bench: Workbench, *, fresh: bool, json: bool) -> None:
    """Run a stage into the folder `out`, and print a summary of the module."""
    from xling.jobs.train import train_to

    print_result(train_to(out, stage, bench, fresh=fresh), as_json=json)
