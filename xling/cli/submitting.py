"""The command `xling submit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from xling.cli.running import Json, Quiet, print_result, say

Name = Annotated[
    str,
    typer.Argument(
        metavar="SHARED_TASK", help="The shared task: afrisenti, americasnli, masakhaner, norsid or sid4lr."
    ),
]


def submit(
    shared_task: Name,
    predictions: Annotated[
        list[Path],
        typer.Option("--predictions", help="A JSONL file of xling predict; give one for each test file."),
    ],
    test_file: Annotated[
        list[Path],
        typer.Option(
            "--test-file",
            help="The organisers' test file for each --predictions file, in the same order.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="The zip file to write; its name must end in .zip.")],
    code: Annotated[
        list[str] | None,
        typer.Option(
            "--code",
            help="The language code of the shared task, once for each file; needed when neither the name of "
            "the test file nor the language of its rows tells it.",
        ),
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write the submission files of a shared task, check them by its rules, and zip them.

    For a test file with gold labels, this also prints the organisers' score in percent.
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
    """Return one row per file, with the scores as columns."""
    names = list(dict.fromkeys(score for row in files for score in row["scores"]))
    return [
        {"file": row["name"], "rows": row["rows"], **{name: row["scores"].get(name, "-") for name in names}}
        for row in files
    ]
