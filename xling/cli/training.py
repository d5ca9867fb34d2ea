"""xling train language | task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
    print_result,
    say,
    set_threads,
    tag,
    task_name,
)
from xling.tasks.registry import TASKS

if TYPE_CHECKING:
    from xling.makers.stage import Stage
    from xling.pipeline.stages import Workbench

app = typer.Typer(help="Train a language module or a task module.", no_args_is_help=True)

BaseName = Annotated[
    str, typer.Option("--base", help="embedded:multilingual-e5-small, a folder, or a Hub id.")
]
Out = Annotated[Path, typer.Option("--out", help="The folder of the new module, such as modules/lang/swh.")]
Kind = Annotated[
    str,
    typer.Option(
        "--kind",
        callback=kind_name,
        help="bottleneck, houlsby, parallel, large-sparse, madx, lora, ia3, lt-sft or full.",
    ),
]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="key=value of the training settings, or parts.key=value.")
]


@app.command("language")
def language(
    base: BaseName,
    language: Annotated[
        str, typer.Option("--language", callback=tag, help="The language's tag, such as swh.")
    ],
    out: Out,
    text: Annotated[
        list[str] | None,
        typer.Option(
            "--text", help="Files or folders of plain text, for MLM; of a family, swh=FILE for each."
        ),
    ] = None,
    alpha: Annotated[
        float, typer.Option("--alpha", help="Of a family: 1 reads all lines once, 0 each language as much.")
    ] = 0.3,
    parallel: Annotated[
        Path | None,
        typer.Option("--parallel", help="A table of sentences and their translations, for alignment."),
    ] = None,
    kind: Kind = "madx",
    vocabulary: Annotated[
        Path | None, typer.Option("--vocabulary", help="A vocabulary module to read with.")
    ] = None,
    init: Annotated[Path | None, typer.Option("--init", help="A language module to go on from.")] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", help="Train for about so long.")] = None,
    changes: Set = None,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = 0,
    fresh: Fresh = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """One language module: from plain text by masked language modelling, or aligned by translations."""
    from xling.jobs.train import LanguageFiles, Options

    files = LanguageFiles(
        language=language,
        text=tuple(text or ()),
        parallel=parallel,
        init=init,
        vocabulary=vocabulary,
        alpha=alpha,
    )
    set_threads(threads)
    stage = files.stage(Options(out=out, kind=kind, changes=tuple(changes or ()), minutes=minutes, seed=seed))
    make_module(out, stage, workbench(base, device, quiet), fresh=fresh, json=json)


@app.command("task")
def task(
    base: BaseName,
    task: Annotated[
        str,
        typer.Option(
            "--task",
            callback=task_name,
            help=f"{', '.join(TASKS)}.",
        ),
    ],
    train: Annotated[Path, typer.Option("--train", help="CoNLL, TSV, JSONL or SQuAD JSON with labels.")],
    source_language: Annotated[
        str, typer.Option("--source-language", callback=tag, help="The language of the data.")
    ],
    out: Out,
    dev: Annotated[
        Path | None, typer.Option("--dev", help="Labelled data to choose the best step by.")
    ] = None,
    format: Format = "auto",
    language_module: Annotated[
        Path | None, typer.Option("--language-module", help="A language module to freeze underneath.")
    ] = None,
    kind: Kind = "bottleneck",
    init: Annotated[Path | None, typer.Option("--init", help="A task module to go on from.")] = None,
    changes: Set = None,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = 0,
    fresh: Fresh = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """One task module from labelled source-language data."""
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
    """What a stage is carried out with, as the options say."""
    from xling.pipeline.stages import Workbench

    return Workbench(base=base, device=device, bars=bars(quiet), say=say(quiet))


def make_module(out: Path, stage: Stage, bench: Workbench, *, fresh: bool, json: bool) -> None:
    """Make what the stage asks for, and print what was made."""
    from xling.jobs.train import train_to

    print_result(train_to(out, stage, bench, fresh=fresh), as_json=json)
