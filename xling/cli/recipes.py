"""xling run | ablate | report | info."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from xling.cli.data import DataRoot
from xling.cli.running import Fresh, Json, Quiet, Threads, bars, print_result, say, set_threads


def run(
    recipes: Annotated[list[Path], typer.Argument(help="Recipes (.yaml).")],
    data_root: DataRoot = None,
    out: Annotated[Path, typer.Option("--out", help="Runs go to OUT/<recipe name>.")] = Path("runs"),
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="key=value, applied to every recipe.")
    ] = None,
    threads: Threads = 0,
    fresh: Fresh = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Run whole recipes; finished stages are kept, interrupted ones go on where they stopped."""
    from xling.config.loading import load_recipe

    loaded = [load_recipe(recipe, changes or ()) for recipe in recipes]

    from xling.jobs.matrix_table import matrix_rows
    from xling.jobs.recipe_run import Workplace
    from xling.jobs.run import run_recipe
    from xling.jobs.stages import Stages

    set_threads(threads)
    stages = Stages(out / "stages", fresh=fresh)
    command = " ".join(["xling", *sys.argv[1:]])
    for recipe in loaded:
        place = Workplace(out, stages, data_root, bars(quiet), command, say(quiet))
        results = run_recipe(recipe, place)
        print_result(matrix_rows(results, plain=not json), as_json=json)
        if not json:
            print(f"{results}\n{results.with_name('report.html')}")


def ablate(
    recipe: Annotated[Path, typer.Argument(help="A recipe (.yaml).")],
    data_root: DataRoot = None,
    out: Annotated[Path, typer.Option("--out", help="Goes to OUT/<recipe name>-ablation.")] = Path("runs"),
    changes: Annotated[list[str] | None, typer.Option("--set", help="key=value of the recipe.")] = None,
    threads: Threads = 0,
    fresh: Fresh = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """A recipe with the target's, the source's, a related and no language module, and with it removed."""
    from xling.config.loading import load_recipe

    loaded = load_recipe(recipe, changes or ())

    from xling.jobs.ablate import ablate as ablate_recipe
    from xling.jobs.ablate import verdict_rows
    from xling.jobs.recipe_run import Workplace
    from xling.jobs.stages import Stages

    set_threads(threads)
    stages, command = Stages(out / "stages", fresh=fresh), " ".join(["xling", *sys.argv[1:]])
    results = ablate_recipe(loaded, Workplace(out, stages, data_root, bars(quiet), command, say(quiet)))
    print_result(verdict_rows(results, plain=not json), as_json=json)
    if not json:
        print(f"{results}\n{results.with_name('report.html')}")


def report(
    run_dir: Annotated[Path, typer.Argument(help="The folder of a run, with its results.json.")],
) -> None:
    """Write the report page of a run again."""
    from xling.evaluation.report import write_report

    print(write_report(run_dir))


def info(json: Json = False) -> None:
    """Versions, cache, devices, offline switch."""
    from xling.jobs.information import information

    print_result(information(), as_json=json)
