"""xling module list | show | verify | merge | onnx | import | export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xling.cli.running import Json, print_result

app = typer.Typer(
    help="Look at modules, merge them, bring them in from other libraries and out.", no_args_is_help=True
)

Root = Annotated[Path, typer.Option("--store", help="The folder that holds the modules.")]
Foreign = Annotated[str, typer.Option("--format", help="adapterhub, peft or composable-sft.")]
Name = Annotated[str, typer.Argument(help="A module's name in the store, such as lang/swh.")]


@app.command("list")
def list_modules(store: Root = Path("modules"), json: Json = False) -> None:
    """Every module of a store."""
    from xling.jobs.inspecting import module_rows

    print_result(module_rows(store), as_json=json)


@app.command("show")
def show(name: Name, store: Root = Path("modules"), json: Json = False) -> None:
    """What a module is and what it was made from."""
    from xling.jobs.inspecting import module_facts

    print_result(module_facts(store, name), as_json=json)


@app.command("verify")
def verify(
    name: Name,
    store: Root = Path("modules"),
    base: Annotated[str | None, typer.Option("--base", help="Also hold it against this base.")] = None,
    json: Json = False,
) -> None:
    """Read a module whole, and hold it against its base."""
    from xling.jobs.inspecting import verify_module

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


@app.command("import")
def import_module(
    source: Annotated[Path, typer.Argument(help="The folder of the other library's files.")],
    format: Foreign,
    out: Annotated[
        Path, typer.Option("--out", help="The folder of the new module, such as modules/lang/swh.")
    ],
    base: Annotated[
        str | None,
        typer.Option("--base", help="The base it was made for: a Hub id (id@revision) or a folder."),
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", help="The tag of a language module, such as swh.")
    ] = None,
    task: Annotated[
        str | None, typer.Option("--task", help="What a task module predicts, such as tagging.")
    ] = None,
    source_language: Annotated[
        str | None, typer.Option("--source-language", help="The language a task was learned in.")
    ] = None,
    labels: Annotated[
        str | None, typer.Option("--labels", help="A,B,C in the order of the head's outputs.")
    ] = None,
    without_head: Annotated[
        bool, typer.Option("--without-head", help="Leave out a head that a language module has no place for.")
    ] = False,
    json: Json = False,
) -> None:
    """Bring in a module of AdapterHub, PEFT or composable-sft; no code in it is run."""
    from xling.jobs.foreign import ImportOrder, import_module

    order = ImportOrder(
        source=source,
        format=format,
        out=out,
        base=base,
        language=language,
        task=task,
        source_language=source_language,
        labels=labels,
        without_head=without_head,
    )
    print_result(import_module(order), as_json=json)


@app.command("export")
def export_module(
    name: Name,
    format: Foreign,
    out: Annotated[Path, typer.Option("--out", help="The folder to make.")],
    store: Root = Path("modules"),
    base: Annotated[
        str | None, typer.Option("--base", help="Where to open its base, if not where the module says.")
    ] = None,
    json: Json = False,
) -> None:
    """Write a module as a folder that AdapterHub, PEFT or composable-sft opens."""
    from xling.jobs.foreign import ExportOrder, export_module

    print_result(
        export_module(ExportOrder(name=name, format=format, store=store, out=out, base=base)), as_json=json
    )
