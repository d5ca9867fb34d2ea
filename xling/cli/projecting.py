"""The command `xling project`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xling.cli.data import DataRoot
from xling.cli.running import Device, Json, Quiet, Seed, Threads, counted, print_result, set_threads, tag


def project(
    task: Annotated[Path, typer.Option("--task", help="The folder of the task module that labels.")],
    pairs: Annotated[
        str, typer.Option("--pairs", help="Sentences and their translations: a file or a data card.")
    ],
    language: Annotated[str, typer.Option("--language", callback=tag, help="The language of the sentences.")],
    out: Annotated[
        Path, typer.Option("--out", help="The new file, .conll or .jsonl; its data card stands beside it.")
    ],
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Take so many pairs at most, drawn with --seed.")
    ] = None,
    base: Annotated[
        str | None, typer.Option("--base", help="The base, if not that of the task module's name.")
    ] = None,
    data_root: DataRoot = None,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = 0,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Label the translations of sentences, carry the labels over, and write them to look at and mend."""
    from xling.jobs.project import ProjectionFiles, project_file

    set_threads(threads)
    files = ProjectionFiles(
        task=task, pairs=pairs, language=language, out=out, limit=limit, base=base, data_root=data_root
    )
    with counted("project", quiet) as progress:
        result = project_file(files, device=device, seed=seed, progress=progress)
    print_result(result, as_json=json)
