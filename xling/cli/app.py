"""The Typer application with all commands and groups of commands."""

from __future__ import annotations

import typer

from xling.cli import (
    data,
    evaluating,
    hypernetworks,
    modules,
    own_recipe,
    projecting,
    recipes,
    submitting,
    training,
    vocabulary,
)

app = typer.Typer(
    name="xling",
    help="Train small modules for languages and tasks, and combine them to process low-resource languages.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
training.app.command("hypernetwork")(hypernetworks.train)
modules.app.command("generate")(hypernetworks.generate)
app.add_typer(training.app, name="train")
app.add_typer(modules.app, name="module")
app.add_typer(data.app, name="data")
app.add_typer(vocabulary.app, name="vocabulary")
app.add_typer(own_recipe.app, name="recipe")
app.command("run")(recipes.run)
app.command("ablate")(recipes.ablate)
app.command("advise")(recipes.advise)
app.command("report")(recipes.report)
app.command("predict")(evaluating.predict)
app.command("evaluate")(evaluating.evaluate)
app.command("project")(projecting.project)
app.command("retrieve")(evaluating.retrieve)
app.command("submit")(submitting.submit)
app.command("info")(recipes.info)
