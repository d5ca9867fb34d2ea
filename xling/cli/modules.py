"""The commands of `xling module`: list, show, verify, remove, weigh, cluster, find, merge and so on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from xling.cli.running import (
    Device,
    Format,
    Json,
    Quiet,
    Seed,
    Threads,
    counted,
    method_name,
    print_result,
    say,
    set_threads,
    tag,
    task_name,
)
from xling.errors import InputError

app = typer.Typer(
    help="List, show, verify, remove, weigh, group, find, merge, import and export modules.",
    no_args_is_help=True,
)

Root = Annotated[Path, typer.Option("--store", help="The folder that holds the modules.")]
Foreign = Annotated[str, typer.Option("--format", help="Library: adapterhub, peft or composable-sft.")]
Name = Annotated[str, typer.Argument(help="The name of a module in the store, such as lang/swh.")]
TrainedOn = Annotated[
    str | None,
    typer.Option("--trained-on", help="A data card, by name or file, or a file or folder of data."),
]


@app.command("list")
def list_modules(store: Root = Path("modules"), trained_on: TrainedOn = None, json: Json = False) -> None:
    """List the modules of a store, or those that descend from a data card or file."""
    from xling.jobs.inspecting import module_rows
    from xling.jobs.tracing import traced

    if trained_on is None:
        print_result(module_rows(store), as_json=json)
        return
    found = traced(store, trained_on)
    for remark in found.remarks():
        say(False)(f"xling: {remark}")
    print_result(found.rows(), as_json=json)


@app.command("show")
def show(name: Name, store: Root = Path("modules"), json: Json = False) -> None:
    """Show what a module contains and how it was trained."""
    from xling.jobs.inspecting import module_facts

    print_result(module_facts(store, name), as_json=json)


@app.command("verify")
def verify(
    name: Annotated[str | None, typer.Argument(help="The name of a module; without one, all.")] = None,
    store: Root = Path("modules"),
    base: Annotated[str | None, typer.Option("--base", help="Also compute with it on this base.")] = None,
    json: Json = False,
) -> None:
    """Read modules whole, follow what they rest on, and try them on a base if you give one."""
    from xling.jobs.verifying import verify_module, verify_store

    if name is not None:
        print_result(verify_module(store, name, base), as_json=json)
        return
    rows = verify_store(store, base)
    print_result(rows, as_json=json)
    if faulty := [row["module"] for row in rows if row.get("fault")]:
        raise InputError(
            f"{len(faulty)} of {len(rows)} modules are at fault: {', '.join(faulty)}", where=store
        )


@app.command("profile")
def profile(
    name: Name,
    text: Annotated[list[Path], typer.Option("--text", help="Text of its language: files or folders.")],
    store: Root = Path("modules"),
    json: Json = False,
) -> None:
    """Give a language module the profile of a text, by which route(auto: ...) finds its language."""
    from xling.jobs.profiling import profile_module
    from xling.store.store import Store

    print_result(profile_module(Store(store), name, text), as_json=json)


@app.command("remove")
def remove(
    names: Annotated[list[str] | None, typer.Argument(help="The names of modules.")] = None,
    store: Root = Path("modules"),
    trained_on: TrainedOn = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
    json: Json = False,
) -> None:
    """Remove modules by name, or all that descend from a data card or file; other files stay."""
    from xling.jobs import removing

    order = removing.removal(store, names or (), trained_on)
    for line in (*order.remarks, *(f"to be removed: {name}" for name in order.names)):
        say(False)(line)
    if not yes and not sys.stdin.isatty():
        hint = "look at what is to be removed, then give it"
        raise InputError("nothing is removed without a yes", where="--yes", hint=hint)
    if yes or typer.confirm("Remove them?", err=True):
        told = removing.remove(order)
        print_result(told if json else {key: "; ".join(own) for key, own in told.items()}, as_json=json)


@app.command("weigh")
def weigh(
    base: Annotated[str, typer.Option("--base", help="The base: a Hub id, a folder, or embedded:NAME.")],
    plan: Annotated[
        str, typer.Option("--plan", help="A plan with a sum without weights, such as 'sum(task/a, task/b)'.")
    ],
    task: Annotated[str, typer.Option("--task", callback=task_name, help="The task that the plan predicts.")],
    data: Annotated[
        Path, typer.Option("--data", help="A handful of labelled examples: CoNLL, TSV or JSONL.")
    ],
    store: Root = Path("modules"),
    method: Annotated[
        str,
        typer.Option(
            "--method", callback=method_name, help="The search: lorahub, gradient, greedy-soup or soup."
        ),
    ] = "gradient",
    text: Annotated[
        list[str] | None,
        typer.Option("--text", help="For soup: text of each plan in the sum, as task/a=FILE."),
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="An option of the method, such as evaluations=100.")
    ] = None,
    format: Format = "auto",
    language: Annotated[
        str, typer.Option("--language", callback=tag, help="The language of the examples.")
    ] = "und",
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = 0,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Find the weights of a sum of plans by a handful of labelled examples, and print the plan.

    Nothing is written. The loss and the score are of the examples that the weights were found by.
    """
    from xling.jobs.weigh import WeighOrder, weigh_file
    from xling.makers.composed_model import Setup

    set_threads(threads)
    order = WeighOrder(
        setup=Setup(base=base, plan=plan, store=store, device=device),
        task=task,
        data=data,
        format=format,
        language=language,
        method=method,
        changes=changes or (),
        texts=text or (),
        seed=seed,
    )
    with counted("weigh", quiet) as progress:
        result = weigh_file(order, progress)
    print_result(result, as_json=json)


@app.command("cluster")
def cluster(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names of modules, or 'lang/*'; without any, all.")
    ] = None,
    store: Root = Path("modules"),
    count: Annotated[int, typer.Option("--count", help="The number of groups.", min=1)] = 2,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Group modules of one make by the likeness of their parameters, with a plan for each group."""
    from xling.jobs.clustering import cluster_modules
    from xling.store.store import Store

    print_result(cluster_modules(Store(store), names or (), count=count, seed=seed), as_json=json)


@app.command("find")
def find(
    input: Annotated[Path, typer.Option("--input", help="The text to find modules for: a file or a folder.")],
    store: Root = Path("modules"),
    text: Annotated[
        list[str] | None, typer.Option("--text", help="Text of a module, as lang/a=FILE; needs --base.")
    ] = None,
    base: Annotated[
        str | None, typer.Option("--base", help="The base whose sentence vectors compare the texts.")
    ] = None,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = 0,
    json: Json = False,
) -> None:
    """Rank the modules of a store by how like a text is to theirs: by profiles, or by sentence vectors."""
    from xling.jobs.finding import FindOrder, find_modules

    set_threads(threads)
    order = FindOrder(input=input, store=store, texts=text or (), base=base, seed=seed, device=device)
    print_result(find_modules(order), as_json=json)


@app.command("merge")
def merge(
    base: Annotated[str, typer.Option("--base", help="The base: a Hub id, a folder, or embedded:NAME.")],
    plan: Annotated[
        str, typer.Option("--plan", help="Modules that change weights, such as lang/swh >> task/ner.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The new folder to write.")],
    store: Root = Path("modules"),
    json: Json = False,
) -> None:
    """Merge a plan into the weights of a plain transformers model, which needs no xling."""
    from xling.jobs.merge import merge_to

    print_result(merge_to(base, plan, store, out), as_json=json)


@app.command("onnx")
def onnx(
    base: Annotated[str, typer.Option("--base", help="The base: a Hub id, a folder, or embedded:NAME.")],
    plan: Annotated[str, typer.Option("--plan", help="Any modules, such as lang/swh >> task/ner.")],
    out: Annotated[Path, typer.Option("--out", help="The .onnx file to write.")],
    store: Root = Path("modules"),
    json: Json = False,
) -> None:
    """Write a composed model as one ONNX graph (needs xling[onnx])."""
    from xling.jobs.merge import onnx_to

    print_result(onnx_to(base, plan, store, out), as_json=json)


@app.command("import")
def import_module(
    source: Annotated[Path, typer.Argument(help="The folder with the files of the other library.")],
    format: Foreign,
    out: Annotated[
        Path, typer.Option("--out", help="The folder for the new module, such as modules/lang/swh.")
    ],
    base: Annotated[
        str | None,
        typer.Option("--base", help="The base that it was trained on: a Hub id (id@revision) or a folder."),
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", help="The language of a language module, such as swh.")
    ] = None,
    task: Annotated[
        str | None, typer.Option("--task", help="The task of a task module, such as tagging.")
    ] = None,
    source_language: Annotated[
        str | None, typer.Option("--source-language", help="The language that a task module was trained in.")
    ] = None,
    labels: Annotated[
        str | None, typer.Option("--labels", help="The labels A,B,C, in the order of the head outputs.")
    ] = None,
    without_head: Annotated[
        bool, typer.Option("--without-head", help="Drop the head, which a language module does not keep.")
    ] = False,
    json: Json = False,
) -> None:
    """Import a module of AdapterHub, PEFT or composable-sft, without running any code in it."""
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
    out: Annotated[Path, typer.Option("--out", help="The new folder to write.")],
    store: Root = Path("modules"),
    base: Annotated[
        str | None, typer.Option("--base", help="The base to open, if it is not where the module says.")
    ] = None,
    json: Json = False,
) -> None:
    """Export a module to a folder that AdapterHub, PEFT or composable-sft can load."""
    from xling.jobs.foreign import ExportOrder, export_module

    print_result(
        export_module(ExportOrder(name=name, format=format, store=store, out=out, base=base)), as_json=json
    )
