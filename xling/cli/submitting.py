"""xling submit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from xling.cli.running import Json, Quiet, print_result, say

Name = Annotated[
    str,
    typer.Argument(metavar="SHARED_TASK", help="afrisenti, americasnli, masakhaner, norsid or sid4lr."),
]


def submit(
    shared_task: Name,
    predictions: Annotated[
        list[Path],
        typer.Option("--predictions", help="JSON lines of xling predict; once for each test file."),
    ],
    test_file: Annotated[
        list[Path],
        typer.Option(
            "--test-file",
            help="The participants' file of each --predictions, in the same order and number.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="The zip to write, ending in .zip.")],
    code: Annotated[
        list[str] | None,
        typer.Option(
            "--code",
            help="The task's own language code, once for each file, where neither the test file's name "
            "nor the rows' language gives it.",
        ),
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write, check and zip the files of a shared task: what its organisers would refuse is refused here.

    Where a test file has gold labels, the organisers' score is told too, in percent.
    """
    from xling.jobs.submit import submit as write_submission

    result = write_submission(shared_task, predictions, test_file, out=out, codes=code or ())
    for row in result["files"]:
        if not row["scores"]:
            say(quiet)(f"{row['name']}: no gold labels in {row['test_file']}, so no score")
    print_result(result if json else _table(result["files"]), as_json=json)
    if not json:
        print(result["out"])


def _table(files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row a file, with the scores as columns."""
    names = list(dict.fromkeys(score for row in files for score in row["scores"]))
    return [
        {"file": row["name"], "rows": row["rows"], **{name: row["scores"].get(name, "-") for name in names}}
        for row in files
    ]
