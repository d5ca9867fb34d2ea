"""The command `xling recipe new`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from xling.cli.data import DataRoot
from xling.cli.running import Json, print_result, task_name
from xling.errors import InputError
from xling.tasks.registry import TASKS

app = typer.Typer(help="Write your own recipe.", no_args_is_help=True)

File = Path | None


@app.callback()
def _several() -> None:
    """Write your own recipe."""


@app.command("new")
def new(
    language: Annotated[
        str | None, typer.Option("--language", help="The target language, such as xho.")
    ] = None,
    task: Annotated[
        str | None, typer.Option("--task", callback=task_name, help="The task, such as tagging.")
    ] = None,
    test: Annotated[File, typer.Option("--test", help="Labelled test data in the target language.")] = None,
    train: Annotated[File, typer.Option("--train", help="Labelled data in the source language.")] = None,
    dev: Annotated[File, typer.Option("--dev", help="Held-out data in the source language.")] = None,
    source_test: Annotated[
        File, typer.Option("--source-test", help="Test data in the source language.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="The source language; the default is eng.")
    ] = None,
    text: Annotated[File, typer.Option("--text", help="Plain text in the target: a file or folder.")] = None,
    source_text: Annotated[
        File, typer.Option("--source-text", help="Plain text in the source, to train its language module.")
    ] = None,
    pairs: Annotated[
        str | None, typer.Option("--pairs", help="Sentences and translations: a table or a data card.")
    ] = None,
    lexicon: Annotated[File, typer.Option("--lexicon", help="Words and translations in the target.")] = None,
    base: Annotated[
        str | None, typer.Option("--base", help="Base: a Hub id, a folder, or embedded:NAME.")
    ] = None,
    licence: Annotated[str, typer.Option("--licence", help="The licence, such as CC-BY-4.0.")] = "unstated",
    out: Annotated[File, typer.Option("--out", help="New folder for the recipe and cards.")] = None,
    data_root: DataRoot = None,
    json: Json = False,
) -> None:
    """Write a recipe and its data cards for your own files.

    On a terminal, the command asks for the options that are missing.
    """
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
        pairs=pairs,
        lexicon=lexicon,
        base=base,
        licence=licence,
    )
    print_result(new_recipe(wishes, out, data_root), as_json=json)


def _ask(option: str, question: str, usual: str | None = None) -> str:
    """Return the answer typed on the terminal. Raises InputError when there is no terminal."""
    if not sys.stdin.isatty():
        raise InputError("is missing", where=option, hint="give it, or run this on a terminal to be asked")
    return typer.prompt(question, default=usual)
