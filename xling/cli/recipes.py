"""The commands `xling run`, `ablate`, `advise`, `report` and `info`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xling.cli.data import DataRoot
from xling.cli.running import (
    Device,
    Fresh,
    Json,
    Precision,
    Quiet,
    Threads,
    bars,
    print_result,
    say,
    set_threads,
)
from xling.errors import InputError

if TYPE_CHECKING:
    from xling.pipeline.recipe import Recipe
    from xling.pipeline.run import Workplace


def run(
    recipes: Annotated[
        list[Path], typer.Argument(help="Recipe files, or names of packaged recipes such as quickstart.")
    ],
    data_root: DataRoot = None,
    out: Annotated[Path, typer.Option("--out", help="A run is written to OUT/<recipe name>.")] = Path("runs"),
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="A change to every recipe, as key=value.")
    ] = None,
    device: Device = "cpu",
    precision: Precision = "float32",
    threads: Threads = 0,
    fresh: Fresh = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Run recipes from data to report.

    Finished stages are reused, and interrupted training continues from its last checkpoint.
    """
    from xling.pipeline.loading import load_recipe

    loaded = [load_recipe(recipe, changes or ()) for recipe in recipes]
    _check_names(dict(zip(recipes, loaded, strict=True)))

    from xling.evaluation.report import matrix_rows
    from xling.pipeline.run import run_recipe

    set_threads(threads)
    place = _workplace(out, data_root, device=device, precision=precision, fresh=fresh, quiet=quiet)
    for recipe in loaded:
        results = run_recipe(recipe, place)
        print_result(matrix_rows(results, plain=not json), as_json=json)
        if not json:
            print(f"{results}\n{results.with_name('report.html')}")


def _check_names(recipes: Mapping[Path, Recipe]) -> None:
    """Raise InputError when two recipes would write to the same folder."""
    firsts: dict[str, Path] = {}
    for path, recipe in recipes.items():
        first = firsts.setdefault(recipe.name, path)
        if first != path:
            raise InputError(
                f"this recipe and {first} are both called {recipe.name!r}",
                where=path,
                hint="give each a name of its own (name: ...), or run them with different --out",
            )


def ablate(
    recipe: Annotated[Path, typer.Argument(help="A recipe file (.yaml).")],
    data_root: DataRoot = None,
    out: Annotated[Path, typer.Option("--out", help="Written to OUT/<recipe name>-ablation.")] = Path("runs"),
    changes: Annotated[list[str] | None, typer.Option("--set", help="A recipe change, as key=value.")] = None,
    device: Device = "cpu",
    precision: Precision = "float32",
    threads: Threads = 0,
    fresh: Fresh = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Run a recipe with other language modules as controls, to see what its own module contributes.

    The controls are no language module, the source's module, the module of a related language, and a task
    module whose language module is removed after training.
    """
    from xling.pipeline.loading import load_recipe

    loaded = load_recipe(recipe, changes or ())

    from xling.evaluation.report import verdict_rows
    from xling.pipeline.run import ablate as ablate_recipe

    set_threads(threads)
    place = _workplace(out, data_root, device=device, precision=precision, fresh=fresh, quiet=quiet)
    results = ablate_recipe(loaded, place)
    print_result(verdict_rows(results, plain=not json), as_json=json)
    if not json:
        print(f"{results}\n{results.with_name('report.html')}")


def advise(
    recipe: Annotated[Path, typer.Argument(help="A recipe file, or the name of a packaged recipe.")],
    data_root: DataRoot = None,
    changes: Annotated[list[str] | None, typer.Option("--set", help="A recipe change, as key=value.")] = None,
    json: Json = False,
) -> None:
    """Say which plan to use for each language, from what can be known without labels or training."""
    from xling.pipeline.loading import load_recipe

    loaded = load_recipe(recipe, changes or ())

    from xling.jobs.advise import advise as advise_recipe

    print_result(advise_recipe(loaded, data_root), as_json=json)


def _workplace(
    out: Path, data_root: Path | None, *, device: str, precision: str, fresh: bool, quiet: bool
) -> Workplace:
    from xling.bases.precision import checked_precision
    from xling.pipeline.recipe import STAGES
    from xling.pipeline.run import Workplace
    from xling.pipeline.stages import Stages

    return Workplace(
        out=out,
        stages=Stages(out / STAGES, fresh=fresh),
        data_root=data_root,
        device=device,
        precision=checked_precision(precision),
        bars=bars(quiet),
        command=" ".join(["xling", *sys.argv[1:]]),
        say=say(quiet),
    )


def report(
    run_dir: Annotated[Path, typer.Argument(help="The folder of a run, which contains results.json.")],
    against: Annotated[
        Path | None,
        typer.Option("--against", help="The folder of an older run: the page tells which answers flipped."),
    ] = None,
) -> None:
    """Write the HTML report of a finished run again, and print its path."""
    from xling.evaluation.report import write_report

    print(write_report(run_dir, against))


def info(
    base: Annotated[
        str | None,
        typer.Option("--base", help="A base to describe too, such as a folder: whether it has an MLM head."),
    ] = None,
    json: Json = False,
) -> None:
    """Show installed versions, the cache folder, devices and the offline setting."""
    from xling.jobs.inspecting import information

    print_result(information(base), as_json=json)
