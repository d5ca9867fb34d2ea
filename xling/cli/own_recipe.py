"""xling recipe new."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from xling.cli.data import DataRoot
from xling.cli.running import Json, print_result, task_name
from xling.errors import InputError
from xling.tasks.registry import TASKS

app = typer.Typer(help="A recipe of your own.", no_args_is_help=True)

File = Path | None


@app.callback()
def _several() -> None:
    """A recipe of your own."""


@app.command("new")
def new(
    language: Annotated[str | None, typer.Option("--language", help="The target's tag, such as xho.")] = None,
    task: Annotated[
        str | None, typer.Option("--task", callback=task_name, help="What to predict, such as tagging.")
    ] = None,
    test: Annotated[File, typer.Option("--test", help="Labelled examples in the target.")] = None,
    train: Annotated[File, typer.Option("--train", help="Labelled examples in the source.")] = None,
    dev: Annotated[File, typer.Option("--dev", help="Held-out examples in the source.")] = None,
    source_test: Annotated[File, typer.Option("--source-test", help="Test examples in the source.")] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="The source's tag; eng where it is left out.")
    ] = None,
    text: Annotated[File, typer.Option("--text", help="Plain text in the target: a file or folder.")] = None,
    source_text: Annotated[
        File, typer.Option("--source-text", help="Plain text in the source, for a module under the task.")
    ] = None,
    base: Annotated[str | None, typer.Option("--base", help="A Hub id, a folder, or embedded:NAME.")] = None,
    licence: Annotated[str, typer.Option("--licence", help="Of the files, such as CC-BY-4.0.")] = "unstated",
    out: Annotated[File, typer.Option("--out", help="A new folder for recipe and cards.")] = None,
    data_root: DataRoot = None,
    json: Json = False,
) -> None:
    """A recipe and its data cards from your files; on a terminal, what is missing is asked for."""
    from xling.jobs.new_recipe import Wishes, new_recipe

    language = language or _ask("--language", "Target language (tag, such as xho)")
    task = task or _ask("--task", f"Task ({', '.join(TASKS)})")
    test = test or Path(_ask("--test", "File of labelled test examples in the target"))
    out = out or Path(_ask("--out", "New folder for the recipe", f"recipes/{language}-{task}"))
    wishes = Wishes(
        language=language,
        task=task,
        test=test,
        train=train,
        dev=dev,
        source_test=source_test,
        source=source,
        text=text,
        source_text=source_text,
        base=base,
        licence=licence,
    )
    print_result(new_recipe(wishes, out, data_root), as_json=json)


def _ask(option: str, question: str, usual: str | None = None) -> str:
    """An answer from the terminal; InputError where nobody is there to ask."""
    if not sys.stdin.isatty():
        raise InputError("is missing", where=option, hint="give it, or run this on a terminal to be asked")
    return typer.prompt(question, default=usual)
