"""The commands `xling data list`, `show`, `check` and `rank`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xling.cli.running import Device, Json, Seed, Threads, print_result, set_threads
from xling.errors import InputError

app = typer.Typer(
    help="Show data cards, check files against them, and rank source languages.", no_args_is_help=True
)

Card = Annotated[str, typer.Argument(help="The name of a data card, or the path of your own card (.yaml).")]
DataRoot = Annotated[Path | None, typer.Option("--data-root", help="The folder that holds the data sets.")]


@app.command("list")
def list_all(json: Json = False) -> None:
    """List all data cards."""
    from xling.corpora.cards import list_cards, load_card

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
    """Show one data card."""
    from xling.corpora.cards import load_card

    found = load_card(card).model_dump(mode="json")
    shown = found if json else {key: value for key, value in found.items() if key != "checksums"}
    print_result(shown, as_json=json)


@app.command("check")
def check(card: Card, data_root: DataRoot = None, json: Json = False) -> None:
    """Compare the files of a data card with its checksums."""
    from dataclasses import asdict

    from xling.corpora.cards import load_card
    from xling.corpora.checks import check as check_files
    from xling.corpora.source import root_of

    root, loaded = root_of(data_root), load_card(card)
    if root is None and not loaded.files:
        raise InputError("no data folder given", where="--data-root", hint="give it, or set XLING_DATA")
    rows = [asdict(row) for row in check_files(loaded, root or Path())]
    wrong = [row for row in rows if row["state"] != "ok"]
    print_result(rows if json else (wrong or [{"files": len(rows), "state": "ok"}]), as_json=json)
    if wrong:
        first = wrong[0]
        raise InputError(
            f"{len(wrong)} of {len(rows)} files missing or changed, first {first['path']} ({first['state']})",
            where=root or card,
            hint=f"get the data set from {loaded.source}",
        )


@app.command("rank")
def rank(
    target: Annotated[str, typer.Option("--target", help="The target language, such as xho.")],
    candidate: Annotated[
        list[str],
        typer.Option("--candidate", help="Two or more: LANGUAGE=FILE, or a language of the card."),
    ],
    target_text: Annotated[
        Path | None, typer.Option("--target-text", help="Text in the target language, one sentence per line.")
    ] = None,
    card: Annotated[
        str | None, typer.Option("--card", help="A data card with the texts that no file gives.")
    ] = None,
    split: Annotated[str, typer.Option("--split", help="The split of the card.")] = "train",
    data_root: DataRoot = None,
    base: Annotated[
        str | None, typer.Option("--base", help="A base, to compare subword pieces and sentences too.")
    ] = None,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = 0,
    json: Json = False,
) -> None:
    """Rank candidate source languages or data sets for a target by text similarity and typology."""
    from xling.jobs import rank_sources as job

    set_threads(threads)
    order = job.RankOrder(
        target=target,
        candidates=candidate,
        target_text=target_text,
        card=card,
        split=split,
        data_root=data_root,
        base=base,
        device=device,
        seed=seed,
    )
    found = job.rank(order)
    if json:
        print_result(job.as_json(order, found), as_json=True)
        return
    print_result(job.rows(found), as_json=False)
    for line in job.sentences(found):
        print(line)
