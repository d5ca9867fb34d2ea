"""Turn predictions and the test files of a shared task into the zip file to submit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xling.data.textfile import find
from xling.errors import InputError
from xling.files import write_atomically
from xling.places import check_output
from xling.submission.registry import check_codes, code_of, file_name, task_named
from xling.submission.submission import SharedTask, read_predictions, zip_bytes


def submit(
    shared_task: str,
    predictions: Sequence[Path],
    tests: Sequence[Path],
    *,
    out: Path,
    codes: Sequence[str] = (),
) -> dict[str, Any]:
    """Write, check and zip the submission files, one for each pair of predictions and test file.

    codes: the language codes of the shared task, one per pair; if empty, file names and rows give them.
    The result has scores in percent for test files with gold labels.
    Raises InputError, and writes nothing, when a file is faulty or does not fit the task.
    """
    task = task_named(shared_task)
    _check_pairs(predictions, tests, out)
    check_codes(task, codes, len(tests))
    files: dict[str, bytes] = {}
    rows: list[dict[str, Any]] = []
    for number, (predicted, test) in enumerate(zip(predictions, tests, strict=True)):
        row, data = _file(task, predicted, find(test), codes[number] if codes else None)
        if row["name"] in files:
            raise InputError(
                f"a second file {row['name']!r} for {test}",
                where="--test-file",
                hint="give each language once; rename the test file, or tell the codes apart by --code",
            )
        files[row["name"]] = data
        rows.append(row)
    write_atomically(out, zip_bytes(files))
    return {"shared_task": shared_task, "out": str(out), "files": rows}


def _file(task: SharedTask, predicted: Path, test: Path, code: str | None) -> tuple[dict[str, Any], bytes]:
    """Return the result row of one submission file, and its checked bytes."""
    found = read_predictions(predicted)
    code = code if code is not None else code_of(task, test, found)
    name = file_name(task, test, code)
    data = task.write(test, found, code)
    rows = task.validate(name, data, test)
    scores = task.score(data, test)
    row = {"name": name, "rows": rows, "predictions": str(predicted), "test_file": str(test)}
    return {**row, "scores": scores}, data


def _check_pairs(predictions: Sequence[Path], tests: Sequence[Path], out: Path) -> None:
    if len(predictions) != len(tests):
        raise InputError(
            f"{len(predictions)} files of predictions but {len(tests)} test files",
            where="--test-file",
            hint="give one --test-file for each --predictions, in the same order",
        )
    if out.suffix != ".zip":
        hint = "name the zip to write, such as submission.zip"
        raise InputError(f"{out.name!r} does not end in .zip", where="--out", hint=hint)
    check_output(out, *predictions, *tests)
