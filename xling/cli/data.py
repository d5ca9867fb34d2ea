"""xling data list | show | check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xling.cli.running import Json, print_result
from xling.errors import InputError

app = typer.Typer(help="Data cards, and whether the files match them.", no_args_is_help=True)

Card = Annotated[str, typer.Argument(help="A card's name, or a card of your own (.yaml).")]
DataRoot = Annotated[Path | None, typer.Option("--data-root", help="The folder of the data sets.")]


@app.command("list")
def list_all(json: Json = False) -> None:
    """Every data card."""
    from xling.data.cards import list_cards, load_card

    cards = [load_card(name) for name in list_cards()]
    rows = [
        {
            "name": c.name,
            "task": c.task,
            "languages": len(c.languages) or "all of CLDR",
            "licence": c.licence.id,
        }
        for c in cards
    ]
    print_result(rows, as_json=json)


@app.command("show")
def show(card: Card, json: Json = False) -> None:
    """One data card."""
    from xling.data.cards import load_card

    found = load_card(card).model_dump(mode="json")
    shown = found if json else {key: value for key, value in found.items() if key != "checksums"}
    print_result(shown, as_json=json)


@app.command("check")
def check(card: Card, data_root: DataRoot = None, json: Json = False) -> None:
    """Hold the files of a card against its checksums."""
    from dataclasses import asdict

    from xling.data.cards import load_card
    from xling.data.checks import check as check_files
    from xling.data.source import root_of

    root = root_of(data_root)
    if root is None:
        raise InputError("no data folder given", where="--data-root", hint="give it, or set XLING_DATA")
    loaded = load_card(card)
    rows = [asdict(row) for row in check_files(loaded, root)]
    wrong = [row for row in rows if row["state"] != "ok"]
    print_result(rows if json else (wrong or [{"files": len(rows), "state": "ok"}]), as_json=json)
    if wrong:
        first = wrong[0]
        raise InputError(
            f"{len(wrong)} of {len(rows)} files missing or changed, first {first['path']} ({first['state']})",
            where=root,
            hint=f"get the data set from {loaded.source}",
        )
