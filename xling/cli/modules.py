"""xling module list | show | verify | merge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xling.cli.running import Json, print_result

app = typer.Typer(help="Look at the modules of a store.", no_args_is_help=True)

Root = Annotated[Path, typer.Option("--store", help="The folder that holds the modules.")]
Name = Annotated[str, typer.Argument(help="A module's name in the store, such as lang/swh.")]


@app.command("list")
def list_modules(store: Root = Path("modules"), json: Json = False) -> None:
    """Every module of a store."""
    from xling.jobs.module_tools import module_rows

    print_result(module_rows(store), as_json=json)


@app.command("show")
def show(name: Name, store: Root = Path("modules"), json: Json = False) -> None:
    """What a module is and what it was made from."""
    from xling.jobs.module_tools import module_facts

    print_result(module_facts(store, name), as_json=json)


@app.command("verify")
def verify(
    name: Name,
    store: Root = Path("modules"),
    base: Annotated[str | None, typer.Option("--base", help="Also hold it against this base.")] = None,
    json: Json = False,
) -> None:
    """Read a module whole, and hold it against its base."""
    from xling.jobs.module_tools import verify_module

    print_result(verify_module(store, name, base), as_json=json)


@app.command("merge")
def merge(
    base: Annotated[str, typer.Option("--base", help="The base: a Hub id, a folder, or embedded:NAME.")],
    plan: Annotated[
        str, typer.Option("--plan", help="A plan of weight kinds, such as lang/swh >> task/ner.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The folder to make.")],
    store: Root = Path("modules"),
    json: Json = False,
) -> None:
    """Fold a plan into a plain transformers folder that opens without xling."""
    from xling.jobs.merge import merge_to

    print_result(merge_to(base, plan, store, out), as_json=json)


@app.command("onnx")
def onnx(
    base: Annotated[str, typer.Option("--base", help="The base: a Hub id, a folder, or embedded:NAME.")],
    plan: Annotated[str, typer.Option("--plan", help="A plan of any kinds, such as lang/swh >> task/ner.")],
    out: Annotated[Path, typer.Option("--out", help="The .onnx file to make.")],
    store: Root = Path("modules"),
    json: Json = False,
) -> None:
    """Write a composed model as one ONNX graph (needs xling[onnx])."""
    from xling.jobs.merge import onnx_to

    print_result(onnx_to(base, plan, store, out), as_json=json)
