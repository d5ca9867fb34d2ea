"""Predict the examples of a file, and write them in the format of the output file's extension."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling.data.textfile import ending
from xling.errors import InputError
from xling.files import write_atomically, write_lines
from xling.languages import UNKNOWN, parse
from xling.makers.composed_model import Setup
from xling.tasks.inference import Progress, unheard
from xling.tasks.reading import input_format, read_input
from xling.tasks.task import Task

_COLUMNS = (".conll", ".txt", ".conllu")


@dataclass(frozen=True, kw_only=True)
class PredictionFiles:
    """The input file, its format, and the output file.

    format: the format of the input; `auto` detects it from the file extension and the lines.
    """

    input: Path
    output: Path
    format: str = "auto"


def predict_file(
    setup: Setup, files: PredictionFiles, *, language: str = UNKNOWN, progress: Progress = unheard
) -> dict[str, Any]:
    """Read a file, predict its examples and write them, in the same order and with their `id` and `language`.

    CoNLL-U output is the input file with the predictions filled in.
    """
    tag = language if language == UNKNOWN else parse(language)
    planned, input, output = setup.planned(), files.input, files.output
    task = planned.task
    format = input_format(input, task=task.name, format=files.format)
    _check_output(task, format, files)
    examples = read_input(input, task=task.name, language=tag, format=format)
    model = setup.composed(planned)
    rows = model.predict(examples, precision=setup.precision, progress=progress)
    if ending(output) in task.outputs:
        write_atomically(output, task.outputs[ending(output)](rows, input))
    else:
        write_lines(output, [json.dumps(row, ensure_ascii=False) for row in rows])
    told = {"plan": str(model.plan), "format": format, "precision": setup.precision}
    return {"output": str(output), "rows": len(rows), **told}


def _check_output(task: Task, format: str, files: PredictionFiles) -> None:
    """Raise InputError when the output format does not fit the task or the input."""
    input, output = files.input, files.output
    if output.is_dir():
        raise InputError("this is a folder", where=output, hint="name a file, such as predictions.jsonl")
    if ending(output) in _COLUMNS and ending(output) not in task.outputs:
        called = "CoNLL-U" if ending(output) == ".conllu" else "CoNLL"
        raise InputError(f"{task.name} cannot be written as {called}", where=output, hint="end it in .jsonl")
    if ending(output) == ".conllu" and format != "conllu":
        raise InputError(
            f"CoNLL-U is written by filling the input in, and {input.name} is none",
            where=output,
            hint="end it in .jsonl, or give CoNLL-U as the input",
        )
