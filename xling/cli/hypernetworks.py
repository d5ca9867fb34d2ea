"""The commands `xling train hypernetwork` and `xling module generate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xling.cli.modules import Name, Root
from xling.cli.running import (
    Device,
    Format,
    Fresh,
    Json,
    Quiet,
    Seed,
    Threads,
    kind_name,
    print_result,
    set_threads,
    tag,
    task_name,
)
from xling.cli.training import BaseName, Set, check_store, make_module, workbench


def train(
    base: BaseName,
    out: Annotated[Path, typer.Option("--out", help="The folder for the new module, such as hyper/x.")],
    text: Annotated[
        list[str] | None, typer.Option("--text", help="Text for MLM: swh=FILE for each language.")
    ] = None,
    train: Annotated[
        list[str] | None, typer.Option("--train", help="Labelled data: tagging=FILE for each task.")
    ] = None,
    dev: Annotated[
        list[str] | None, typer.Option("--dev", help="Labelled data that select the best step: TASK=FILE.")
    ] = None,
    source_language: Annotated[
        str | None, typer.Option("--source-language", callback=tag, help="The language of labelled data.")
    ] = None,
    format: Format = "auto",
    kind: Annotated[
        str,
        typer.Option("--kind", callback=kind_name, help="The kind: hyper-x, hyper-adapter or hyperformer++."),
    ] = "hyper-x",
    init: Annotated[
        Path | None, typer.Option("--init", help="A hypernetwork to train further, also for more languages.")
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(
            "--plan", help="Frozen modules around the new one, which is called new: 'lang/swh >> new'."
        ),
    ] = None,
    store: Annotated[
        Path | None, typer.Option("--store", help="The folder with the modules of --plan.")
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
    """Train one network that generates the bottlenecks of several languages and tasks."""
    from xling.jobs.hypernetworks import HypernetworkFiles
    from xling.jobs.train import Options
    from xling.jobs.train_task import Around

    check_store(store, {"--plan": plan})
    files = HypernetworkFiles(
        text=tuple(text or ()),
        train=tuple(train or ()),
        dev=tuple(dev or ()),
        source_language=source_language,
        format=format,
        init=init,
        around=None if plan is None or store is None else Around(plan=plan, store=store),
    )
    set_threads(threads)
    chosen = tuple(changes or ())
    stage = files.stage(Options(out=out, kind=kind, changes=chosen, minutes=minutes, seed=seed))
    make_module(out, stage, workbench(base, device, quiet), fresh=fresh, json=json)


def generate(
    name: Name,
    out: Annotated[
        Path, typer.Option("--out", help="The folder for the new module, such as modules/lang/swh.")
    ],
    language: Annotated[
        str | None, typer.Option("--language", callback=tag, help="The language to generate it for.")
    ] = None,
    task: Annotated[
        str | None, typer.Option("--task", callback=task_name, help="The task to generate it for.")
    ] = None,
    store: Root = Path("modules"),
    json: Json = False,
) -> None:
    """Write what a hypernetwork generates for a language and a task as an ordinary module."""
    from xling.jobs.hypernetworks import generate_to
    from xling.store.store import Store

    print_result(generate_to(Store(store), name, out, language=language, task=task), as_json=json)
